/** From pods to the rows of the table: searching, sorting. Made as service-entries.ts, for ten thousand rows at each keystroke. */
import type { Pod } from '../../../app/contract/index.ts';
import { serviceKey } from '../../store/list-feed.ts';
import { parseQuery } from '../../store/query.ts';
import { rankPods, searchTextOf } from '../../store/rank-pods.ts';
import type { PodColumn, PodFilter } from '../../store/window.ts';
import {
  addressOrderOf,
  byNumber,
  byText,
  type Compare,
  inOrder,
  isUsualSort,
  type ListEntry,
} from '../services/list-entries.ts';

export interface PodEntry extends ListEntry {
  readonly pod: Pod;
}

const entries = new WeakMap<Pod, PodEntry>();

function entryOf(pod: Pod): PodEntry {
  const known = entries.get(pod) ?? { pod, at: pod, key: serviceKey(pod) };
  entries.set(pod, known);
  return known;
}

/** Prepares what a search reads of a pod. */
export const preparePod = ({ pod }: PodEntry): void => void searchTextOf(pod);

/** What somebody has to look at stands first. */
const healthOrder: Readonly<Record<Pod['health'], number>> = { failing: 0, starting: 1, ending: 2, ready: 3, done: 4 };

const comparisons: Readonly<Record<PodColumn, Compare<PodEntry>>> = {
  name: byText(({ pod }) => pod.name),
  namespace: byText(({ pod }) => pod.namespace),
  address: byText(({ pod }) => addressOrderOf(pod.addresses[0] ?? '~')), // those without one at the end
  node: byText(({ pod }) => pod.node),
  status: (left, right) =>
    healthOrder[left.pod.health] - healthOrder[right.pod.health] || byText(statusOf)(left, right),
  restarts: byNumber(({ pod }) => pod.restarts),
  // The youngest first: an age that rises is a time of making that falls.
  age: byNumber(({ pod }) => -pod.createdAt),
};

function statusOf({ pod }: PodEntry): string {
  return pod.status;
}

/** All rows in order, in the usual one the home namespace first. `before` is the order that they had. */
export function orderedPods(
  rows: readonly Pod[],
  sort: PodFilter['sort'],
  homeNamespace: string,
  before: readonly PodEntry[] = [],
): readonly PodEntry[] {
  const compare = isUsualSort(sort)
    ? byNumber<PodEntry>(({ pod }) => (pod.namespace === homeNamespace ? 0 : 1))
    : comparisons[sort.column];
  return inOrder(rows, before, entryOf, compare, sort.isDescending);
}

const isTroubled = ({ health }: Pod): boolean => health === 'failing' || health === 'starting';

/** The entries that the filter lets through: in their order, or the best first where one searches and chose no order. */
export function matchingPods(
  ordered: readonly PodEntry[],
  { text, isTroubledOnly, sort }: PodFilter,
  namespaces: readonly string[],
): readonly PodEntry[] {
  const chosen = namespaces.length === 0 ? null : new Set(namespaces);
  const allowed = ordered.filter(
    ({ pod }) => (chosen === null || chosen.has(pod.namespace)) && (!isTroubledOnly || isTroubled(pod)),
  );
  const terms = parseQuery(text);
  if (terms.length === 0) {
    return allowed;
  }
  const ranked = rankPods(allowed, ({ pod }) => pod, terms).map(({ item }) => item);
  if (isUsualSort(sort)) {
    return ranked;
  }
  const found = new Set(ranked);
  return allowed.filter((entry) => found.has(entry));
}
