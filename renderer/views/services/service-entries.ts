/**
 * From Services to the rows of the table: searching, sorting, grouping. Made for ten thousand rows at each keystroke:
 * what a row is searched by is prepared once for each Service (a Service that did not change keeps its identity), and
 * filtering keeps the order, so that only a change of rows or of the sort sorts.
 */
import { type Readiness, readinessOf, type Service } from '../../../app/contract/index.ts';
import { serviceKey } from '../../store/list-feed.ts';
import { isTypedOn, parseQuery } from '../../store/query.ts';
import { type Match, type Preference, rankServices, searchTextOf } from '../../store/rank-services.ts';
import type { ServiceFilter, SortColumn } from '../../store/window.ts';
import {
  addressOrderOf,
  byNumber,
  byText,
  type Compare,
  inOrder,
  isUsualSort,
  type ListEntry,
} from './list-entries.ts';

export interface Entry extends ListEntry {
  readonly service: Service;
  readonly ready: number;
  readonly total: number;
  readonly readiness: Readiness;
  /** What the address column says; empty for a headless Service. */
  readonly address: string;
  /** What addresses are sorted by: numbers of equal width. */
  readonly addressOrder: string;
}

const entries = new WeakMap<Service, Entry>();

export function entryOf(service: Service): Entry {
  const known = entries.get(service);
  if (known !== undefined) {
    return known;
  }
  const made = makeEntry(service);
  entries.set(service, made);
  return made;
}

function makeEntry(service: Service): Entry {
  const { addresses, externalName } = service;
  const address = addresses[0] ?? externalName;
  let addressOrder: string | null = null;
  return {
    service,
    at: service,
    key: serviceKey(service),
    // Only a sort by addresses needs it: ten thousand would hold the first look at a list up.
    get addressOrder() {
      addressOrder ??= addressOrderOf(address);
      return addressOrder;
    },
    ...readinessOf(service),
    address,
  };
}

/** Prepares what a search reads of a Service. */
export const prepareService = ({ service }: Entry): void => void searchTextOf(service);

const readinessOrder: Readonly<Record<Readiness, number>> = { none: 0, some: 1, all: 2, outside: 3 };

const comparisons: Readonly<Record<SortColumn, Compare<Entry>>> = {
  name: byText(({ service }) => service.name),
  namespace: byText(({ service }) => service.namespace),
  type: byText(({ service }) => (service.headless ? 'Headless' : service.type)),
  address: byText(({ addressOrder }) => addressOrder),
  ready: (left, right) => readinessOrder[left.readiness] - readinessOrder[right.readiness] || left.ready - right.ready,
  // The youngest first: an age that rises is a time of making that falls.
  age: byNumber(({ service }) => -service.createdAt),
};

/** All rows in order, in the usual one what is pinned and the home namespace first. `before` is the order that they had. */
export function orderedEntries(
  rows: readonly Service[],
  sort: ServiceFilter['sort'],
  preference: Preference,
  before: readonly Entry[] = [],
): readonly Entry[] {
  const compare = isUsualSort(sort)
    ? byNumber<Entry>((entry) => nearness(entry, preference))
    : comparisons[sort.column];
  return inOrder(rows, before, entryOf, compare, sort.isDescending);
}

/** Pinned ones stand above all, then those of the home namespace: what somebody looks for first. */
function nearness({ key, service }: Entry, { homeNamespace, pinned }: Preference): number {
  return pinned.has(key) ? 0 : service.namespace === homeNamespace ? 1 : 2;
}

export interface Filter {
  /** Words and forms of an address that must all be found (store/query.ts). */
  readonly text: string;
  readonly isReadyOnly: boolean;
  /** Keys of pinned Services where only those are wished for. */
  readonly pinned: ReadonlySet<string> | null;
  /** Empty: all. */
  readonly namespaces: readonly string[];
}

/** What was found before, and what in. */
export interface Found {
  readonly ordered: readonly Entry[];
  readonly filter: Filter;
  /** What was found, in the order of the rows. */
  readonly found: readonly Entry[];
  /** The same as it is shown. */
  readonly matching: readonly Entry[];
  /** Why each was found, by its key, while something is searched for. */
  readonly matches: ReadonlyMap<string, Match>;
}

const noMatches: ReadonlyMap<string, Match> = new Map();

/**
 * The entries that the filter lets through: in their order, or the best first where one searches and did not choose an
 * order. What `before` left out of the same rows stays out while one types on.
 */
export function matchingEntries(
  ordered: readonly Entry[],
  filter: Filter,
  preference: Preference,
  isBestFirst: boolean,
  before?: Found,
): Found {
  const terms = parseQuery(filter.text);
  const namespaces = filter.namespaces.length === 0 ? null : new Set(filter.namespaces);
  if (terms.length === 0 && namespaces === null && filter.pinned === null && !filter.isReadyOnly) {
    return { ordered, filter, found: ordered, matching: ordered, matches: noMatches };
  }
  const isNarrower = before !== undefined && before.ordered === ordered && isNarrowed(before.filter, filter);
  const allowed = (isNarrower ? before.found : ordered).filter(
    (entry) =>
      (namespaces === null || namespaces.has(entry.service.namespace)) &&
      (filter.pinned === null || filter.pinned.has(entry.key)) &&
      (!filter.isReadyOnly || entry.readiness === 'all' || entry.readiness === 'some'),
  );
  if (terms.length === 0) {
    return { ordered, filter, found: allowed, matching: allowed, matches: noMatches };
  }
  const ranked = rankServices(allowed, ({ service }) => service, terms, preference);
  const matches = new Map(ranked.map(({ item, match }) => [item.key, match]));
  const found = allowed.filter(({ key }) => matches.has(key));
  return { ordered, filter, found, matching: isBestFirst ? ranked.map(({ item }) => item) : found, matches };
}

/** More letters at the end find nothing that fewer did not find. */
function isNarrowed(before: Filter, filter: Filter): boolean {
  return (
    isTypedOn(before.text, filter.text) &&
    filter.isReadyOnly === before.isReadyOnly &&
    filter.pinned === before.pinned &&
    filter.namespaces === before.namespaces
  );
}
