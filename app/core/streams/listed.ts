/**
 * A stream of what is listed by namespace and name: the whole list first, then what differs from what was told. A list
 * keeps an unchanged item the same object and is sorted (ports.ts), so finding the difference is one walk along two lists.
 */
import { compareServiceKeys, type Problem, type ServiceKey } from '../../contract/index.ts';
import type { Source } from './pump.ts';

export interface Difference<Item> {
  readonly changed: Item[];
  readonly removed: ServiceKey[];
  /** What somebody knows who heard this: `after`, or as much of it as fitted and the rest of `before`. */
  readonly told: readonly Item[];
  readonly complete: boolean;
}

interface List<Item> {
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
}
type Told<Item> =
  | { readonly kind: 'all'; readonly items: Item[]; readonly problems: Problem[] }
  | {
      readonly kind: 'changes';
      readonly changed: Item[];
      readonly removed: ServiceKey[];
      readonly problems: Problem[];
    };

/**
 * How much one stream's item may hold, in what `weightOf` counts: parts of some 65 bytes of JSON each. Well under the limit of
 * a line (16 MiB): what is over it follows with the next.
 */
const largestItem = 120_000;

export function listSource<Item extends ServiceKey, Said>(
  list: () => List<Item> | null,
  weightOf: (item: Item) => number,
  said: (told: Told<Item>) => Said,
  limit = largestItem,
): Source<Said> {
  let told: readonly Item[] | null = null;
  let problemsTold: readonly Problem[] = [];
  return {
    next: () => {
      const present = list();
      if (present === null) {
        return null;
      }
      const { changed, removed, told: known, complete } = differenceOf(told ?? [], present.items, weightOf, limit);
      const problems = [...present.problems];
      const isFirst = told === null;
      const isSame = changed.length === 0 && removed.length === 0 && sameList(problems, problemsTold);
      told = known;
      problemsTold = problems;
      if (isFirst) {
        return { item: said({ kind: 'all', items: changed, problems }), more: !complete };
      }
      return isSame ? null : { item: said({ kind: 'changes', changed, removed, problems }), more: !complete };
    },
  };
}

/** Both lists are sorted by namespace and name, and an item that did not change is the same object in both. */
export function differenceOf<Item extends ServiceKey>(
  before: readonly Item[],
  after: readonly Item[],
  weightOf: (item: Item) => number,
  limit: number,
): Difference<Item> {
  const changed: Item[] = [];
  const removed: ServiceKey[] = [];
  let weight = 0;
  let old = 0;
  let now = 0;
  while (old < before.length || now < after.length) {
    const known = before[old];
    const present = after[now];
    if (known !== undefined && known === present) {
      old += 1;
      now += 1;
      continue;
    }
    if (weight >= limit) {
      return { changed, removed, told: [...after.slice(0, now), ...before.slice(old)], complete: false };
    }
    const order = known === undefined ? 1 : present === undefined ? -1 : compareServiceKeys(known, present);
    if (order < 0 && known !== undefined) {
      removed.push({ namespace: known.namespace, name: known.name });
      old += 1;
      weight += 1;
    } else if (present !== undefined) {
      changed.push(present);
      now += 1;
      old += order === 0 ? 1 : 0;
      weight += weightOf(present);
    }
  }
  return { changed, removed, told: after, complete: true };
}

function sameList(one: readonly Problem[], other: readonly Problem[]): boolean {
  return one.length === other.length && one.every((problem, index) => problem === other[index]);
}
