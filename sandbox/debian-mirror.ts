/** Where Debian packages are fetched from: what the environment says, else what apt is told where there is apt, else Debian's own. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The release of Debian that the sandbox is made of, on every machine: sandbox/debian/keys has its keys. */
export const debianSuite = 'bookworm';

const usual = { main: 'http://deb.debian.org/debian', security: 'http://deb.debian.org/debian-security' };

/** Mirrors in the order in which they are tried, and what apt is told beside. */
export interface DebianMirrors {
  main: string[];
  security: string[];
  proxy: string;
  ignoreValidUntil: boolean;
  ignoreDate: boolean;
}

/** Folder of apt's configuration and what is in the environment; other ones in tests. */
export async function findMirrors(
  environment: NodeJS.ProcessEnv = process.env,
  folder = '/etc/apt',
): Promise<DebianMirrors> {
  const sources = [
    ...oneLineSources(await textsOf(folder, 'sources.list', /\.list$/)),
    ...stanzaSources(await textsOf(folder, 'sources.list', /\.sources$/)),
  ];
  const told = await textsOf(folder, 'apt.conf', /^[\w.-]+$/);
  const named = environment.SLIPWAY_DEBIAN_MIRROR;
  const namedSecurity =
    environment.SLIPWAY_DEBIAN_SECURITY_MIRROR || (named && `${named.replace(/\/+$/, '')}-security`);
  const mirrors = (suite: RegExp) =>
    sources.filter((source) => source.suites.some((name) => suite.test(name))).map((source) => source.address);
  const hasProxy = Boolean(environment.http_proxy || environment.HTTP_PROXY);
  const proxy = hasProxy ? '' : (setting(told, 'Acquire::http::Proxy') ?? '');
  return {
    main: named ? [named] : unique([...mirrors(mainSuite), usual.main]),
    security: namedSecurity ? [namedSecurity] : unique([...mirrors(securitySuite), usual.security]),
    proxy: proxy === 'DIRECT' ? '' : proxy,
    ignoreValidUntil: setting(told, 'Acquire::Check-Valid-Until') === 'false',
    ignoreDate: setting(told, 'Acquire::Check-Date') === 'false',
  };
}

interface Source {
  address: string;
  suites: string[];
}

// Suites of Debian itself: a mirror that has another one of them usually has ours, too.
const release = '(?:bullseye|bookworm|trixie|forky|(?:old)*stable|testing)';
const mainSuite = new RegExp(`^${release}$`);
const securitySuite = new RegExp(`^${release}[-/](?:security|updates/main)$`);

const isFetched = (address: string) => /^https?:\/\//.test(address);
const unique = (addresses: readonly string[]) => [...new Set(addresses.map((one) => one.replace(/\/+$/, '')))];

/** The one-line style of sources.list(5). */
function oneLineSources(texts: readonly string[]): Source[] {
  return texts
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => {
      const [, options = '', address = '', suite = '', components = ''] =
        /^\s*deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line) ?? [];
      const isDebian = isOfDebian(options) && components.trim().split(/\s+/).includes('main');
      return isDebian && isFetched(address) ? [{ address, suites: [suite] }] : [];
    });
}

/** The deb822 style of sources.list(5). */
function stanzaSources(texts: readonly string[]): Source[] {
  return texts
    .flatMap((text) => text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/))
    .flatMap((stanza) => {
      const words = (name: string) =>
        new RegExp(`^${name}:(.*(?:\n[ \t].*)*)`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
      const isOn = words('Types').includes('deb') && words('Enabled')[0] !== 'no';
      if (!isOn || !words('Components').includes('main') || !isOfDebian(words('Signed-By').join(' '))) return [];
      return words('URIs')
        .filter(isFetched)
        .map((address) => ({ address, suites: words('Suites') }));
    });
}

/** Others name their suites after Debian's and sign them with a key of their own. */
function isOfDebian(signedBy: string): boolean {
  return !/signed-by|\.gpg|\.asc|BEGIN PGP/i.test(signedBy) || signedBy.includes('debian-archive');
}

/** A setting of apt.conf(5) that is written in one line; the last one counts. */
function setting(texts: readonly string[], name: string): string | undefined {
  const line = new RegExp(`^\\s*${name}\\s+"([^"]*)"\\s*;`, 'gim');
  return texts.flatMap((text) => [...text.matchAll(line)].map((found) => found[1])).at(-1);
}

/** The file and those in its folder `.d`, in apt's order. */
async function textsOf(folder: string, name: string, wanted: RegExp): Promise<string[]> {
  const parts = path.join(folder, `${name}.d`);
  const names = (await readdir(parts).catch(() => [])).filter((one) => wanted.test(one)).sort();
  const files = [path.join(folder, name), ...names.map((one) => path.join(parts, one))];
  return Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
}
