/**
 * The stream of Services: the whole catalogue first, then what differs from what was told. The catalogue keeps an
 * unchanged Service the same object and is sorted (ports.ts), so finding the difference is one walk along two lists.
 */
import {
  compareServiceKeys,
  type Problem,
  type Service,
  type ServiceKey,
  type ServicesItem,
} from '../../contract/index.ts';
import type { Catalogue } from '../ports.ts';
import type { Source } from './pump.ts';

/**
 * How much one item may hold, counted in Services, ports, labels and endpoints, of some 65 bytes of JSON each: well under
 * the limit of a line (16 MiB). What is over it follows with the next item. 10,000 usual Services are 80,000.
 */
const largestItem = 120_000;

export interface Difference {
  readonly changed: Service[];
  readonly removed: ServiceKey[];
  /** What somebody knows who heard this: `after`, or as much of it as fitted and the rest of `before`. */
  readonly told: readonly Service[];
  readonly complete: boolean;
}

export function servicesSource(catalogue: () => Catalogue | null, limit = largestItem): Source<ServicesItem> {
  let told: readonly Service[] | null = null;
  let problemsTold: readonly Problem[] = [];
  return {
    next: () => {
      const present = catalogue();
      if (present === null) {
        return null;
      }
      const { changed, removed, told: known, complete } = differenceOf(told ?? [], present.services, limit);
      const problems = [...present.problems];
      const isFirst = told === null;
      const isSame = changed.length === 0 && removed.length === 0 && sameList(problems, problemsTold);
      told = known;
      problemsTold = problems;
      if (isFirst) {
        return { item: { kind: 'all', services: changed, problems }, more: !complete };
      }
      return isSame ? null : { item: { kind: 'changes', changed, removed, problems }, more: !complete };
    },
  };
}

/** Both lists are sorted by namespace and name, and a Service that did not change is the same object in both. */
export function differenceOf(before: readonly Service[], after: readonly Service[], limit: number): Difference {
  const changed: Service[] = [];
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

function weightOf({ endpoints, ports, labels }: Service): number {
  return 1 + endpoints.length + ports.length + Object.keys(labels).length;
}

function sameList(one: readonly Problem[], other: readonly Problem[]): boolean {
  return one.length === other.length && one.every((problem, index) => problem === other[index]);
}
