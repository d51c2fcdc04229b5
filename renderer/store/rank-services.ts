/**
 * Which Services a search finds, and in which order: the name itself, then names that begin so, then those that hold it;
 * of equals those of the home namespace, then pinned ones. Addresses, pods, ports and labels come after names. The
 * palette and the list of Services order alike.
 */
import type { Service, ServiceKey } from '../../app/contract/index.ts';
import { serviceKey } from './list-feed.ts';
import type { Term } from './query.ts';

export type MatchField =
  | 'name'
  | 'full-name'
  | 'namespace'
  | 'address'
  | 'external-name'
  | 'pod'
  | 'endpoint'
  | 'port'
  | 'type'
  | 'label';

export interface Match {
  /** The smaller, the better. */
  readonly grade: number;
  /** Where the term that is found last, in the order above, was found: what a reader would look for in vain. */
  readonly field: MatchField;
  /** What holds it, as it is written. */
  readonly text: string;
}

/** What somebody is nearer to. */
export interface Preference {
  readonly homeNamespace: string;
  /** Keys of Services (serviceKey). */
  readonly pinned: ReadonlySet<string>;
}

const grades = {
  exact: 0,
  prefix: 1,
  within: 2,
  namespace: 4,
  address: 8,
  port: 16,
  label: 24,
} as const;

/** 0 for the text itself, 1 where it begins so, 2 where it holds it; null elsewhere. */
export function closeness(text: string, wanted: string): 0 | 1 | 2 | null {
  const at = text.indexOf(wanted);
  return at < 0 ? null : at > 0 ? 2 : text.length === wanted.length ? 0 : 1;
}

/** Null where a term is not found. */
function matchOf(service: Service, terms: readonly Term[]): Match | null {
  let grade = 0;
  let last: Match | null = null;
  for (const term of terms) {
    const match = matchOfTerm(service, term) ?? matchOfHost(service, term.otherwise);
    if (match === null) {
      return null;
    }
    grade += match.grade;
    last = last === null || match.grade > last.grade ? match : last;
  }
  return last === null ? null : { ...last, grade };
}

const texts = new WeakMap<Service, string>();

/** Everything that a word may be found in, in lower case; made once for each Service that did not change. */
export function searchTextOf(service: Service): string {
  const known = texts.get(service);
  if (known !== undefined) {
    return known;
  }
  const { namespace, name, type, addresses, externalName, ports, labels, headless, endpoints } = service;
  const text = [
    name,
    namespace,
    headless ? 'headless' : type,
    ...addresses,
    externalName,
    ...endpoints.map(({ address, pod }) => `${address} ${pod}`),
    ...ports.map((port) => `${port.name} ${port.port} ${port.nodePort ?? ''} ${port.application}`),
    ...Object.entries(labels).map(([label, value]) => `${label}=${value}`),
  ]
    .join('\n')
    .toLowerCase();
  texts.set(service, text);
  return text;
}

function matchOfTerm(service: Service, { text, port, namespace }: Term): Match | null {
  if (namespace !== null && !service.namespace.startsWith(namespace)) {
    return null;
  }
  // Most of ten thousand end here. A word with a dot may be a name whose parts stand apart in the text.
  if (!text.includes('.') && !searchTextOf(service).includes(text)) {
    return null;
  }
  const isPort = port === null || service.ports.some((one) => one.port === port || one.nodePort === port);
  const match =
    text === ''
      ? found(grades.namespace, 'namespace', service.namespace)
      : (byName(service, text) ?? byAddress(service, text) ?? (namespace === null ? byRest(service, text) : null));
  return match === null || isPort ? match : { ...match, grade: match.grade + 1 };
}

/** What stands before a path is a host: only a name can be meant by it. */
function matchOfHost(service: Service, term: Term | null): Match | null {
  const match = term === null ? null : matchOfTerm(service, term);
  return match !== null && match.grade < grades.namespace ? match : null;
}

const found = (grade: number, field: MatchField, text: string): Match => ({ grade, field, text });

/** By its name alone or in a longer form, then by its namespace. */
function byName({ name, namespace }: Service, text: string): Match | null {
  const close = closeness(name, text);
  if (close === 0 || close === 1) {
    return found(close, 'name', name);
  }
  if (text.includes('.')) {
    const short = `${name}.${namespace}`;
    const full = `${short}.svc.`;
    // Whatever the cluster's domain is called.
    if (text === short || text === `${short}.svc` || text.startsWith(full)) {
      return found(grades.exact, 'full-name', text);
    }
    if (`${full}cluster.local`.startsWith(text)) {
      return found(grades.prefix, 'full-name', `${full}cluster.local`);
    }
  }
  if (close === 2) {
    return found(grades.within, 'name', name);
  }
  const inNamespace = closeness(namespace, text);
  return inNamespace === null ? null : found(grades.namespace + inNamespace, 'namespace', namespace);
}

/** By an address of it or of an endpoint, by a pod behind it, or by the name that it leads to. */
function byAddress(service: Service, text: string): Match | null {
  const { addresses, endpoints, externalName, name, namespace } = service;
  let best: Match | null = null;
  const consider = (field: MatchField, value: string, isHidden: number) => {
    const close = value === '' ? null : closeness(value, text);
    if (close !== null && (best === null || grades.address + 2 * close + isHidden < best.grade)) {
      best = found(grades.address + 2 * close + isHidden, field, value);
    }
  };
  for (const address of addresses) {
    consider('address', address, 0);
  }
  consider('external-name', externalName, 0);
  for (const { address, pod } of endpoints) {
    consider('endpoint', address, 1);
    consider('pod', pod, 1);
    // A pod of a StatefulSet has a name below its Service's.
    const below = `${pod}.${name}.${namespace}.svc.`;
    if (pod !== '' && text.startsWith(`${pod}.`) && (text.startsWith(below) || below.startsWith(text))) {
      return found(grades.exact, 'pod', pod);
    }
  }
  return best ?? srvMatch(service, text);
}

/** `_http._tcp.orders.webshop.svc` (kubernetes/dns specification, 2.3.2). */
function srvMatch(service: Service, text: string): Match | null {
  const bare = /^_[^.]+\._(?:tcp|udp|sctp)\.(.+)$/.exec(text)?.[1];
  const match = bare === undefined ? null : byName(service, bare);
  return match === null ? null : { ...match, field: 'full-name' };
}

function byRest({ ports, type, headless, labels }: Service, text: string): Match | null {
  for (const { name, port, nodePort, application } of ports) {
    const whole = name === '' ? `${port}` : `${name} ${port}`;
    if (`${port}` === text || `${nodePort ?? ''}` === text || name === text || application === text) {
      return found(grades.port, 'port', `${nodePort ?? ''}` === text ? `${nodePort}` : whole);
    }
  }
  for (const { name, port, nodePort, application } of ports) {
    if ([name, `${port}`, application, `${nodePort ?? ''}`].some((one) => one.includes(text))) {
      return found(grades.port + 2, 'port', name === '' ? `${port}` : `${name} ${port}`);
    }
  }
  const kind = headless ? 'headless' : type;
  if (kind.toLowerCase().startsWith(text)) {
    return found(grades.label - 1, 'type', kind);
  }
  for (const [label, value] of Object.entries(labels)) {
    const whole = `${label}=${value}`;
    if (whole.toLowerCase().includes(text)) {
      return found(grades.label, 'label', whole);
    }
  }
  return null;
}

export interface Ranked<Item> {
  readonly item: Item;
  readonly match: Match;
}

/** Those that are found, the best first; of equals those that are preferred, and then in the order in which they came. */
export function rankServices<Item>(
  items: readonly Item[],
  serviceOf: (item: Item) => Service,
  terms: readonly Term[],
  preference: Preference,
): readonly Ranked<Item>[] {
  const all: (Ranked<Item> & { readonly order: number })[] = [];
  for (const item of items) {
    const service = serviceOf(item);
    const match = matchOf(service, terms);
    if (match !== null) {
      all.push({ item, match, order: match.grade * 4 + distance(service, preference) });
    }
  }
  return all.sort((left, right) => left.order - right.order);
}

/** 0 to 3: pinned in the home namespace, in the home namespace, pinned, neither. */
function distance(service: ServiceKey, { homeNamespace, pinned }: Preference): number {
  return (service.namespace === homeNamespace ? 0 : 2) + (pinned.size > 0 && pinned.has(serviceKey(service)) ? 0 : 1);
}
