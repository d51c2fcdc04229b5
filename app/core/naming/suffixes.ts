/**
 * Which cluster's names are in force while several are on, and by which suffix each can be asked whatever the others call
 * theirs. Pure.
 */
import { shortContextNames } from '../../contract/index.ts';
import type { OtherCluster } from '../engine-messages.ts';

/** What one connection is told of the names of all: parts of its scope. */
export interface NameSharing {
  readonly suffix: string;
  readonly clusters: readonly OtherCluster[];
  readonly namesElsewhere: boolean;
}

/** Of one connection, in the order in which they were switched on. */
export interface Sharer {
  readonly key: string;
  readonly context: string;
  /** The user's word; empty: made of the context's name. */
  readonly chosenSuffix: string;
  /** It is on, on its way, or coming back by itself. */
  readonly isOn: boolean;
  /** Programs come to it through a proxy, which alone asks its names: none of the laptop's are in force, and no other asks it. */
  readonly byProxy?: boolean;
  /** What its engine was told last: that the names in force are another's. Null: nothing yet, so that none of it are. */
  readonly told: boolean | null;
  /** The engine said since what came of that: until then it is told nothing else of names, so that no answer is taken for another's. */
  readonly isAnswered: boolean;
  /** Its names are in force on the laptop, as far as was heard. */
  readonly hasNames: boolean;
  /** The address that answers its names; empty where none does now. */
  readonly resolver: string;
  /** What is routed for it, in CIDR form. */
  readonly ranges: readonly string[];
}

const longest = 48; // of a label's 63 characters: room for what tells two apart

/**
 * A label made of a context's name. One of letters alone may be a top-level domain, now or one day, and a namespace of some
 * cluster: those have no hyphen more often than not.
 */
export function suffixOf(context: string): string {
  const label = (shortContextNames([context]).get(context) ?? context)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longest)
    .replace(/^-+|-+$/g, '');
  return /[-0-9]/.test(label) ? label : label === '' ? 'cluster-1' : `${label}-cluster`;
}

/** Every connection's suffix: its own, with a number where an earlier one has it. */
export function suffixesOf(sharers: readonly Pick<Sharer, 'key' | 'context' | 'chosenSuffix'>[]): Map<string, string> {
  const taken = new Set<string>();
  const suffixes = new Map<string, string>();
  for (const { key, context, chosenSuffix } of sharers) {
    const wanted = chosenSuffix || suffixOf(context);
    let suffix = wanted;
    for (let number = 2; taken.has(suffix); number += 1) {
      suffix = `${wanted}-${number}`;
    }
    taken.add(suffix);
    suffixes.set(key, suffix);
  }
  return suffixes;
}

/**
 * Whose names are to be in force: the chosen one's while it is on, else those of the one that was on before the others. One
 * that comes back by itself keeps them: else its names would be another cluster's for a while.
 */
export function primaryOf(sharers: readonly Sharer[], chosen: string | null): string | null {
  const on = sharers.filter(({ isOn, byProxy }) => isOn && byProxy !== true);
  return (on.find(({ key }) => key === chosen) ?? on[0])?.key ?? null;
}

/** They are, it was told to put them there, or it was told to take them back, and did not say yet what came of it. */
const mayHaveNames = ({ told, isAnswered, hasNames }: Sharer) => told !== null && (hasNames || !isAnswered);

/** What to tell each. Nobody is told to put names in force while another's may be: they would be taken for the laptop's own. */
export function shareNames(sharers: readonly Sharer[], chosen: string | null): Map<string, NameSharing> {
  const primary = primaryOf(sharers, chosen);
  const suffixes = suffixesOf(sharers);
  const told = new Map<string, NameSharing>();
  for (const { key, byProxy, told: before, isAnswered, hasNames } of sharers) {
    const others = byProxy === true ? [] : sharers.filter((other) => other.key !== key && other.byProxy !== true);
    told.set(key, {
      suffix: suffixes.get(key) ?? '',
      clusters: others
        .filter(({ resolver }) => resolver !== '')
        .map((other) => ({
          suffix: suffixes.get(other.key) ?? '',
          resolver: other.resolver,
          ranges: [...other.ranges],
        })),
      namesElsewhere:
        byProxy !== true &&
        (before !== null && !isAnswered ? before : key !== primary || (!hasNames && others.some(mayHaveNames))),
    });
  }
  return told;
}
