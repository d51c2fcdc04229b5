/**
 * From Services to the rows of the table: searching, sorting, grouping. Made for ten thousand rows at each keystroke:
 * what a row is searched by is prepared once for each Service (a Service that did not change keeps its identity), and
 * filtering keeps the order, so that only a change of rows or of the sort sorts.
 */
import type { Service } from '../../../app/contract/index.ts';
import { serviceKey } from '../../store/services.ts';
import type { ServiceFilter, SortColumn } from '../../store/window.ts';

export type Readiness = 'all' | 'some' | 'none' | 'outside';

export interface Entry {
  readonly service: Service;
  readonly key: string;
  /** Everything that a filter may find, in lower case. */
  readonly text: string;
  readonly ready: number;
  readonly total: number;
  readonly readiness: Readiness;
  /** What the address column says; empty for a headless Service. */
  readonly address: string;
  /** What addresses are sorted by: numbers of equal width. */
  readonly addressOrder: string;
}

export type ListItem =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'group'; readonly namespace: string; readonly count: number };

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
  const { type, addresses, externalName, endpoints } = service;
  const ready = endpoints.filter((endpoint) => endpoint.ready).length;
  const address = addresses[0] ?? externalName;
  let text: string | null = null;
  let addressOrder: string | null = null;
  return {
    service,
    key: serviceKey(service),
    // Only a search and a sort by addresses need these: ten thousand of each would hold the first look at a list up.
    get text() {
      text ??= textOf(service);
      return text;
    },
    get addressOrder() {
      addressOrder ??= address.replace(/\d+/g, (digits) => digits.padStart(3, '0'));
      return addressOrder;
    },
    ready,
    total: endpoints.length,
    readiness: type === 'ExternalName' ? 'outside' : ready === 0 ? 'none' : ready < endpoints.length ? 'some' : 'all',
    address,
  };
}

function textOf({ namespace, name, type, addresses, externalName, ports, labels, headless }: Service): string {
  const words = [
    name,
    namespace,
    // As it is copied: a full name finds its Service.
    `${name}.${namespace}.svc`,
    headless ? 'headless' : type,
    ...addresses,
    externalName,
    ...ports.map((port) => `${port.name} ${port.port} ${port.nodePort ?? ''} ${port.application}`),
    ...Object.entries(labels).map(([label, value]) => `${label}=${value}`),
  ];
  return words.join('\n').toLowerCase();
}

/** In milliseconds of work at a time: well under a frame. */
const spare = 6;

/** Prepares what the first letter of a search needs, in time that nobody else wants. Returns what ends it. */
export function prepareSearch(entries: readonly Entry[]): () => void {
  let at = 0;
  let isOver = false;
  const step = () => {
    const end = performance.now() + spare;
    while (at < entries.length && performance.now() < end && !isOver) {
      void entries[at]?.text;
      at += 1;
    }
    if (at < entries.length && !isOver) {
      setTimeout(step, 20);
    }
  };
  const timer = setTimeout(step, 200);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

const readinessOrder: Readonly<Record<Readiness, number>> = { none: 0, some: 1, all: 2, outside: 3 };

type Compare = (left: Entry, right: Entry) => number;
const byText = (of: (entry: Entry) => string): Compare => {
  return (left, right) => {
    const one = of(left);
    const other = of(right);
    return one < other ? -1 : one > other ? 1 : 0;
  };
};
const byNumber = (of: (entry: Entry) => number): Compare => {
  return (left, right) => of(left) - of(right);
};

const comparisons: Readonly<Record<SortColumn, Compare>> = {
  name: byText(({ service }) => service.name),
  namespace: byText(({ service }) => service.namespace),
  type: byText(({ service }) => (service.headless ? 'Headless' : service.type)),
  address: byText(({ addressOrder }) => addressOrder),
  ready: (left, right) => readinessOrder[left.readiness] - readinessOrder[right.readiness] || left.ready - right.ready,
  // The youngest first: an age that rises is a time of making that falls.
  age: byNumber(({ service }) => -service.createdAt),
};

/** The sort once a column was chosen: up at first, and the other way round where the list is sorted by it already. */
export function sortAfter(sort: ServiceFilter['sort'], column: SortColumn): ServiceFilter['sort'] {
  return { column, isDescending: sort.column === column && !sort.isDescending };
}

/**
 * All rows in order; equal ones stay by name, then by namespace. `before` is the order that they had: sorting what is
 * nearly in order costs a tenth, which counts where fifty of ten thousand change each second.
 */
export function orderedEntries(
  rows: readonly Service[],
  sort: ServiceFilter['sort'],
  before: readonly Entry[] = [],
): readonly Entry[] {
  const compare = comparisons[sort.column];
  const sign = sort.isDescending ? -1 : 1;
  return asBefore(rows, before).sort(
    (left, right) => sign * compare(left, right) || comparisons.name(left, right) || comparisons.namespace(left, right),
  );
}

/** The rows of now in the order of before, new ones at the end. */
function asBefore(rows: readonly Service[], before: readonly Entry[]): Entry[] {
  if (before.length === 0) {
    return rows.map(entryOf);
  }
  const present = new Map<string, Entry>();
  for (const row of rows) {
    const entry = entryOf(row);
    present.set(entry.key, entry);
  }
  const kept: Entry[] = [];
  for (const { key } of before) {
    const entry = present.get(key);
    if (entry !== undefined) {
      kept.push(entry);
      present.delete(key);
    }
  }
  return [...kept, ...present.values()];
}

export interface Filter {
  /** Words that must all be found. */
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
  readonly matching: readonly Entry[];
}

/** The entries that the filter lets through, in their order. What `before` left out of the same rows stays out while one types on. */
export function matchingEntries(ordered: readonly Entry[], filter: Filter, before?: Found): readonly Entry[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const namespaces = filter.namespaces.length === 0 ? null : new Set(filter.namespaces);
  if (words.length === 0 && namespaces === null && filter.pinned === null && !filter.isReadyOnly) {
    return ordered;
  }
  const isNarrower = before !== undefined && before.ordered === ordered && isTypedOn(before.filter, filter);
  return (isNarrower ? before.matching : ordered).filter(
    (entry) =>
      (namespaces === null || namespaces.has(entry.service.namespace)) &&
      (filter.pinned === null || filter.pinned.has(entry.key)) &&
      (!filter.isReadyOnly || entry.readiness === 'all' || entry.readiness === 'some') &&
      hasAll(entry.text, words),
  );
}

/** More letters at the end find nothing that fewer did not find. */
function isTypedOn(before: Filter, filter: Filter): boolean {
  return (
    filter.text.startsWith(before.text) &&
    filter.isReadyOnly === before.isReadyOnly &&
    filter.pinned === before.pinned &&
    filter.namespaces === before.namespaces
  );
}

function hasAll(text: string, words: readonly string[]): boolean {
  for (const word of words) {
    if (!text.includes(word)) {
      return false;
    }
  }
  return true;
}

/** What the table draws, one after the other; grouped, each namespace has a heading. */
export function listItems(matching: readonly Entry[], isGrouped: boolean): readonly ListItem[] {
  if (!isGrouped) {
    return matching.map((entry) => ({ kind: 'entry', entry }));
  }
  const groups = new Map<string, Entry[]>();
  for (const entry of matching) {
    const group = groups.get(entry.service.namespace);
    if (group === undefined) {
      groups.set(entry.service.namespace, [entry]);
    } else {
      group.push(entry);
    }
  }
  return [...groups.keys()].sort().flatMap((namespace) => {
    const group = groups.get(namespace) ?? [];
    return [
      { kind: 'group' as const, namespace, count: group.length },
      ...group.map((entry) => ({ kind: 'entry' as const, entry })),
    ];
  });
}
