/**
 * Redaction: what a report must not tell is replaced before anybody sees it. Names and addresses become pseudonyms that
 * are the same wherever the same thing stood, so that a report can still be read; secrets become nothing. Pure.
 */
import ipaddr from 'ipaddr.js';
import type { Report } from '../../contract/index.ts';
import { everybodys, replaceHostNames } from './host-names.ts';
import { withoutSecrets } from './secrets.ts';

export type Redactions = Record<keyof Report['redactions'], number>;

export interface Known {
  /** Names of contexts, clusters and their servers. */
  readonly clusters: readonly string[];
  /** Names of the user: of the account, in kubeconfigs, of the computer. */
  readonly users: readonly string[];
  readonly home: string;
  /** Namespaces that were seen: their Services are named in a report. */
  readonly namespaces?: readonly string[];
}

export interface Redactor {
  redact(text: string): string;
  readonly counts: Redactions;
}

const urlHost = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^/\s"'\\]*@)?([A-Za-z0-9_][A-Za-z0-9_.-]*[A-Za-z0-9])/g;
/** Amazon's names: the account's number is between the fourth and the fifth colon. */
const arn = /\barn:aws[\w-]*(?::[\w.-]*){2}:(\d{12})?:[^\s"'\\,;)]+/gi;
const email = /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,63}/g;
/** A home folder that is not this user's: of another account, or of the laptop where an image was built. */
const otherHome = /((?:\/home|\/Users)\/|[A-Za-z]:(?:\\{1,2})Users(?:\\{1,2}))([^/\\\s"':]+)/g;
/** Ids of tenants, subscriptions, directories and objects (RFC 9562); without hyphens they are long runs. */
const uuid = /(?<![0-9a-f-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f-])/gi;
/** Projects and accounts of clouds, by what stands before them. A word alone is a project only where it looks like an id. */
const cloudScopes = [
  /\bgke_[a-z0-9:.-]+_[a-z0-9-]+_[\w.-]+/g,
  /(?<=\bprojects\/)[a-z][a-z0-9:.-]{2,60}/gi,
  /(?<=\bproject(?:[-_]?(?:id|number))?["']?\s*[:=]\s*["']?)[a-z0-9][a-z0-9:.-]{2,60}/gi,
  /(?<=\bproject\s["']?)(?=[a-z0-9-]*[\d-])[a-z][a-z0-9-]{4,28}[a-z0-9]\b/g,
  /(?<=\/resourceGroups\/)[\w.()-]+/gi,
  /(?<=\b(?:tenant|subscription|organi[sz]ation|directory)(?:[-_]?id)?["']?(?:\s*[:=]\s*|\s)["']?)(?=[\w.-]*[\d.])[\w-][\w.-]{3,}/gi,
  /(?<=\baccount(?:[-_ ]?(?:id|number))?["']?(?:\s*[:=]\s*|\s)["']?)\d{12}\b/gi,
];
/** Addresses as cloud nodes are named by them, and as DNS names them backwards. */
const addressName = /\bip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}\b|(?:\b[0-9a-f]\.){8,32}ip6\.arpa\b/gi;
const ipv4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)/g;
const ipv6 = /(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?::?\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])/gi;

/** Say nothing about anybody. */
const harmless = new Set(['127.0.0.1', '0.0.0.0', '::1', '::', 'localhost']);

export function createRedactor(known: Known): Redactor {
  const counts: Redactions = { token: 0, address: 0, cluster: 0, home: 0, user: 0 };
  const pseudonyms = new Map<string, string>();
  const numbers = { cluster: 0, user: 0, address: 0, host: 0 };
  const pseudonym = (kind: keyof typeof numbers, value: string) => {
    const key = value.toLowerCase();
    let name = pseudonyms.get(key);
    if (name === undefined) {
      numbers[kind] += 1;
      name = `${kind}-${numbers[kind]}`;
      pseudonyms.set(key, name);
    }
    return name;
  };
  const secret = () => {
    counts.token += 1;
    return '[secret]';
  };
  const names = namePattern(known, pseudonym);
  const namespaces = new Set((known.namespaces ?? []).map((namespace) => namespace.toLowerCase()));

  const redact = (text: string): string => {
    let clean = withoutSecrets(text, secret);
    for (const home of homesOf(known.home)) {
      clean = clean.replace(home, () => {
        counts.home += 1;
        return '~';
      });
    }
    if (names !== null) {
      clean = clean.replace(names.pattern, (found) => {
        const { kind, shown } = names.of(found);
        counts[kind] += 1;
        return shown;
      });
    }
    clean = clean.replace(otherHome, (_, folder: string, user: string) => {
      counts.user += 1;
      return `${folder}${/^user-\d+$/.test(user) ? user : pseudonym('user', user)}`;
    });
    const whole = (kind: 'cluster' | 'user' | 'address') => (found: string) => {
      counts[kind] += 1;
      return pseudonym(kind, found);
    };
    for (const pattern of [arn, uuid, ...cloudScopes]) {
      clean = clean.replace(pattern, (found) => (isPseudonym(found) ? found : whole('cluster')(found)));
    }
    clean = clean.replace(urlHost, (whole, scheme: string, account: string | undefined, host: string) => {
      if (harmless.has(host) || isPseudonym(host) || ipaddr.isValid(host) || everybodys.test(host)) {
        return account === undefined ? whole : `${scheme}${host}`;
      }
      counts.address += 1;
      return `${scheme}${pseudonym('host', host)}`;
    });
    clean = clean.replace(email, whole('user')).replace(addressName, whole('address'));
    clean = replaceHostNames(clean, { namespaces }, (host) => {
      counts.address += 1;
      return pseudonym('host', host);
    });
    const address = (found: string) => {
      if (harmless.has(found) || /^127\./.test(found) || !ipaddr.isValid(found)) {
        return found;
      }
      counts.address += 1;
      return pseudonym('address', ipaddr.parse(found).toString());
    };
    return clean.replace(ipv4, address).replace(ipv6, address);
  };
  return { redact, counts };
}

function isPseudonym(text: string): boolean {
  return /^(cluster|user|host|address)-\d+$/.test(text);
}

/** One pattern for all names, longest first, so that a name inside another one is not half replaced. */
function namePattern(known: Known, pseudonym: (kind: 'cluster' | 'user', value: string) => string) {
  const shown = new Map<string, { kind: 'cluster' | 'user'; shown: string }>();
  const add = (kind: 'cluster' | 'user', value: string) => {
    if (value === '') {
      return;
    }
    const name = pseudonym(kind, value);
    // As JSON and URLs write it, too.
    for (const form of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]) {
      if (!shown.has(form.toLowerCase())) {
        shown.set(form.toLowerCase(), { kind, shown: name });
      }
    }
  };
  for (const value of known.clusters) {
    add('cluster', value);
  }
  for (const value of known.users) {
    add('user', value);
  }
  if (shown.size === 0) {
    return null;
  }
  const forms = [...shown.keys()].toSorted((first, second) => second.length - first.length);
  const pattern = new RegExp(`(?<![A-Za-z0-9])(?:${forms.map(escaped).join('|')})(?![A-Za-z0-9])`, 'gi');
  return {
    pattern,
    of: (found: string) => shown.get(found.toLowerCase()) ?? { kind: 'cluster' as const, shown: '[name]' },
  };
}

function homesOf(home: string): RegExp[] {
  const isUseful = home.length > 1;
  const forms = isUseful
    ? new Set([home, JSON.stringify(home).slice(1, -1), encodeURIComponent(home), encodeURI(home)])
    : [];
  return [...forms].map((form) => new RegExp(`${escaped(form)}(?![A-Za-z0-9_-])`, 'g'));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}
