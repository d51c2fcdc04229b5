/**
 * Redaction: what a report must not tell is replaced before anybody sees it. Names and addresses become pseudonyms that
 * are the same wherever the same thing stood, so that a report can still be read; secrets become nothing. Pure.
 */
import ipaddr from 'ipaddr.js';
import type { Report } from '../../contract/index.ts';

export type Redactions = Record<keyof Report['redactions'], number>;

export interface Known {
  /** Names of contexts, clusters and their servers. */
  readonly clusters: readonly string[];
  /** Names of the user: of the account, in kubeconfigs, of the computer. */
  readonly users: readonly string[];
  readonly home: string;
}

export interface Redactor {
  redact(text: string): string;
  readonly counts: Redactions;
}

/** Blocks of PEM, with line ends as they are or as JSON writes them. */
const pemBlock = /-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(-----END [A-Z0-9 ]+-----|$)/g;
/**
 * JSON Web Tokens (RFC 7519), EKS's, ids and tokens by the prefixes of AWS, GitHub,
 * GitLab and Google, and whatever follows a scheme of HTTP authorization.
 */
const tokens = [
  /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/g,
  /\b(?:gh[opsur]_|github_pat_|glpat-|ya29\.|AIza)[\w.-]{16,}/g,
  /\beyJ[\w-]{5,}\.[\w-]*(\.[\w-]*)?/g,
  /\bk8s-aws-v1\.[\w-]+/g,
  /\b(?<=(bearer|basic|negotiate)\s+)[\w.~+/=-]{4,}/gi,
];
/** A value behind a name that says that it is a secret: in JSON, YAML, a query, an environment or an option. */
const namedSecret =
  /((?:token|password|passwd|secret|authorization|credential|api-?key|client-?key|key-data|certificate-(?:authority-)?data|cookie)[\w-]*\\?["']?\s*[:=]\s*|--[\w-]*(?:token|password|secret)[\w-]*\s+)(\\?["'])?([^\s"',;&}\\]{3,})/gi;
/** Long runs that look like encoded bytes. Pod names and paths are lower case. */
const encodedRun = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
const urlHost = /\b([a-z][a-z0-9+.-]*:\/\/)([^/\s"'\\]*@)?([A-Za-z0-9_][A-Za-z0-9_.-]*[A-Za-z0-9])/g;
/** Bootstrap tokens of Kubernetes (kubeadm); a word of so many letters is none. */
const bootstrapToken = /(?<![A-Za-z0-9.])[a-z0-9]{6}\.[a-z0-9]{16}(?![A-Za-z0-9.])/g;
/** Amazon's names: the account's number is between the fourth and the fifth colon. */
const arn = /\barn:aws[\w-]*(?::[\w.-]*){2}:(\d{12})?:[^\s"'\\,;)]+/gi;
const email = /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,63}/g;
/** A home folder that is not this user's: of another account, or of the laptop where an image was built. */
const otherHome = /((?:\/home|\/Users)\/|[A-Za-z]:(?:\\{1,2})Users(?:\\{1,2}))([^/\\\s"':]+)/g;
/** What Go says of a host that it asked a resolver for. */
const lookedUp = /\b(lookup |no such host: )([A-Za-z0-9](?:[A-Za-z0-9_-]*\.)+[A-Za-z0-9-]*[A-Za-z])\b/g;
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

  const redact = (text: string): string => {
    let clean = text.replace(pemBlock, secret);
    for (const pattern of tokens) {
      clean = clean.replace(pattern, secret);
    }
    clean = clean.replace(bootstrapToken, (found) => (/\d/.test(found) ? secret() : found));
    clean = clean.replace(namedSecret, (whole, name: string, quote: string | undefined, value: string) => {
      const isPlain = /^(true|false|null|\[|\{|\d{1,3}$)/.test(value);
      return isPlain ? whole : `${name}${quote ?? ''}${secret()}`;
    });
    clean = clean.replace(encodedRun, (run) => (looksEncoded(run) ? secret() : run));
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
    clean = clean.replace(arn, whole('cluster'));
    clean = clean.replace(urlHost, (whole, scheme: string, account: string | undefined, host: string) => {
      if (harmless.has(host) || /^(cluster|user|host|address)-\d+$/.test(host) || ipaddr.isValid(host)) {
        return account === undefined ? whole : `${scheme}${host}`;
      }
      counts.address += 1;
      return `${scheme}${pseudonym('host', host)}`;
    });
    clean = clean
      .replace(email, whole('user'))
      .replace(addressName, whole('address'))
      .replace(lookedUp, (found, before: string, host: string) => {
        if (isOfCluster(host)) {
          return found;
        }
        counts.address += 1;
        return `${before}${pseudonym('host', host)}`;
      });
    const address = (found: string) => {
      if (harmless.has(found) || !ipaddr.isValid(found)) {
        return found;
      }
      counts.address += 1;
      return pseudonym('address', ipaddr.parse(found).toString());
    };
    return clean.replace(ipv4, address).replace(ipv6, address);
  };
  return { redact, counts };
}

/** Names of Services are what a report is about. */
function isOfCluster(host: string): boolean {
  return /\.svc(\.|$)|\.cluster\.local$/i.test(host);
}

function looksEncoded(run: string): boolean {
  const isMixed = /[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run);
  return isMixed || /^[0-9a-f]+$/i.test(run);
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
