/**
 * What somebody types or pastes to find a Service: words, and whole forms of an address as they stand in URLs,
 * configuration and kubectl. Each word is one term; all of them must fit.
 */
import { type RangePair, realBy } from '../../app/contract/index.ts';
import { usualAddress } from '../../app/contract/prefix.ts';

export interface Term {
  /** Lower case; of a form with more parts the host or the name. Empty where only the namespace or the port was typed. */
  readonly text: string;
  /** Digits behind a host, as in `orders.webshop:80`; null where none were typed. */
  readonly port: number | null;
  /** Of `namespace/name`; null elsewhere. */
  readonly namespace: string | null;
  /** What else it may mean: a path without a scheme looks like `namespace/name`. */
  readonly otherwise: Term | null;
}

const term = (text: string, more: Partial<Term> = {}): Term => ({
  text,
  port: null,
  namespace: null,
  otherwise: null,
  ...more,
});

/** `http://`, `jdbc:postgresql://`, and both while they are typed. */
const scheme = /^(?:[a-z][a-z0-9+.-]*:)+\/\//;
/** Kinds before a name, as kubectl takes them. */
const kinds = /^(?:services?|svc|pods?|po|endpoints|ep)\//;

export function parseQuery(text: string): readonly Term[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .map(termOf)
    .filter(({ text: words, port, namespace }) => words !== '' || port !== null || namespace !== null);
}

/** Of IPv4, and what may be one of IPv6. */
const addresses = /\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}/gi;

/** A search by the addresses that programs on this computer use, by those of the cluster: lists are searched by them. */
export function withRealAddresses(text: string, pairs: readonly RangePair[]): string {
  return pairs.length === 0 ? text : text.replaceAll(addresses, (told) => realBy(pairs, told));
}

function termOf(word: string): Term {
  if (scheme.test(word)) {
    const authority = word.replace(scheme, '').replace(/[/?#].*$/, '');
    return hostTerm(authority.slice(authority.lastIndexOf('@') + 1));
  }
  const plain = word.replace(kinds, '');
  const [before = '', behind] = plain.split('/', 2);
  if (behind === undefined || before === '') {
    return hostTerm(plain.replaceAll('/', ''));
  }
  const host = hostTerm(before);
  // A dot or a colon is in no namespace.
  return /[.:]/.test(before) ? host : term(behind, { namespace: before, otherwise: host });
}

function hostTerm(host: string): Term {
  const bracketed = /^\[([0-9a-f:.]*)\]?(?::(\d*))?$/.exec(host);
  if (bracketed !== null) {
    return term(asListed(bracketed[1] ?? ''), { port: portOf(bracketed[2]) });
  }
  const withPort = /^([^:]*):(\d*)$/.exec(host);
  const name = (withPort?.[1] ?? host).replace(/\.$/, '');
  return term(addressOfPodName(name) ?? asListed(name), { port: portOf(withPort?.[2]) });
}

/** An address of IPv6 that is written out stands in the lists in its short form. */
const asListed = (text: string): string => (text.includes(':') ? (usualAddress(text) ?? text) : text);

const portOf = (digits: string | undefined): number | null =>
  digits === undefined || digits === '' ? null : Number(digits);

/** `10-244-1-5.webshop.pod.cluster.local` is an address (kubernetes/dns specification, 2.6.1). */
function addressOfPodName(name: string): string | null {
  const dashed = /^(\d{1,3}(?:-\d{1,3}){3})\.[^.]+\.pod(?:\.|$)/.exec(name)?.[1];
  return dashed === undefined ? null : dashed.replaceAll('-', '.');
}

/** True where longer text finds nothing that the shorter did not find: words that are typed on, and no forms. */
export function isTypedOn(before: string, after: string): boolean {
  return after.startsWith(before) && !/[:/[\].]/.test(after);
}
