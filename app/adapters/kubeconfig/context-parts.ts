/**
 * What a context is made of, in the contract's form: the one source of what is shown before a first use, of the digest
 * that is confirmed, and of what a change is told by. Files are named; of a certificate authority's the content counts,
 * because whoever replaces it replaces the server. Tokens, certificates and programs are renewed in place.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { type Context, type ContextPart, commandLineOf } from '../../contract/index.ts';
import type { ContextParts } from './resolved-parts.ts';
import type { ClusterEntry, ExecEntry, UserEntry } from './schema.ts';

/** The name of the cluster's extension that plugins get to see (client.authentication.k8s.io/v1, Cluster.config). */
const execExtension = 'client.authentication.k8s.io/exec';

export function partsOf(used: ContextParts, userName: string): ContextPart[] {
  const { cluster, user, userFolder, exec } = used;
  const isEmpty = ({ value, digest }: ContextPart) => value === '' && digest === '';
  const parts: ContextPart[] = [
    { ...part('server', withoutPassword(cluster.server)), digest: ofSecret(cluster.server) },
    part('tls-server-name', cluster['tls-server-name']),
    authorityOf(used),
    part('insecure', cluster['insecure-skip-tls-verify'] ? 'true' : ''),
    { ...part('proxy', withoutPassword(cluster['proxy-url'])), digest: ofSecret(cluster['proxy-url']) },
    part('user', userName),
    part('authentication', [authenticationOf(user), user.username].filter((text) => text !== '').join(': ')),
    ...credentialFilesOf(user, userFolder).map(({ name, file }) => part('credential-file', file, name)),
    part('impersonation', user.as, 'user'),
    part('impersonation', user['as-uid'], 'uid'),
    part('impersonation', listed(user['as-groups']), 'groups'),
    part('impersonation', listed(Object.entries(user['as-user-extra']).sort()), 'extra'),
  ];
  if (exec !== null) {
    const { entry, plugin } = exec;
    const shown = withoutSecrets(plugin.arguments);
    const commandLine = commandLineOf({ command: plugin.command, arguments: shown });
    const isWhole = shown.join() === plugin.arguments.join();
    parts.push(
      {
        // A program that is not installed is another one than the same path once it is.
        ...part('plugin', exec.program === null ? `${commandLine} (not installed)` : commandLine),
        digest: isWhole ? '' : digestOf(plugin.arguments),
      },
      part('plugin-version', entry.apiVersion),
      ...[...environmentOf(entry)]
        .sort(([first], [second]) => (first < second ? -1 : 1))
        .map(([name, value]) => ({ ...part('environment', '', name), digest: digestOf(value) })),
      ...(entry.provideClusterInfo
        ? [{ ...part('cluster-info', 'true'), digest: digestOf(execConfigOf(cluster)) }]
        : []),
    );
  }
  return parts.filter((one) => !isEmpty(one));
}

/** What stays the same as long as the parts do. */
export function contextDigestOf(parts: readonly ContextPart[]): string {
  return digestOf(parts.map(({ part: kind, name, value, digest }) => [kind, name, value, digest]));
}

/** What was confirmed of a plugin stays confirmed, in whichever context, as long as all of this is the same. */
export function pluginDigestOf(entry: ExecEntry, program: string, cluster: ClusterEntry): string {
  return digestOf({
    apiVersion: entry.apiVersion,
    program,
    arguments: entry.args,
    environment: entry.env.map((variable) => [variable.name, variable.value]),
    provideClusterInfo: entry.provideClusterInfo,
    ...(entry.provideClusterInfo ? { config: execConfigOf(cluster) } : {}),
  });
}

/** What the plugin's environment gets; of a name that is given twice the last value counts, as with client-go. */
export function environmentOf(entry: ExecEntry): ReadonlyMap<string, string> {
  return new Map(entry.env.map(({ name, value }) => [name, value]));
}

/** ExecCredential.spec.cluster.config; null where the cluster has none. */
export function execConfigOf(cluster: ClusterEntry): unknown {
  return cluster.extensions.find(({ name }) => name === execExtension)?.extension ?? null;
}

/** Files that are read and sent, or proven to be held, for logging in: any of this computer could be named. Absolute. */
export function credentialFilesOf(user: UserEntry, folder: string): { name: string; file: string }[] {
  const named = [
    { name: 'token', file: user.tokenFile },
    { name: 'certificate', file: user['client-certificate-data'] === '' ? user['client-certificate'] : '' },
    { name: 'key', file: user['client-key-data'] === '' ? user['client-key'] : '' },
  ];
  return named.filter(({ file }) => file !== '').map(({ name, file }) => ({ name, file: resolve(folder, file) }));
}

export function authenticationOf(user: UserEntry): Context['authentication'] {
  if (user.exec !== null) {
    return 'exec';
  }
  if (user.token !== '' || user.tokenFile !== '') {
    return 'token';
  }
  if (user['client-certificate'] !== '' || user['client-certificate-data'] !== '') {
    return 'certificate';
  }
  return user.username === '' ? 'none' : 'basic';
}

export function withoutPassword(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//***@');
}

/** Arguments without the values of options that say that these are secrets: parts are kept, and told when they change. */
function withoutSecrets(given: readonly string[]): string[] {
  const secret = /^--?[\w.-]*(?:token|secret|password|passwd|api-?key)(?<value>=.*)?$/is;
  return given.map((word, index) => {
    const own = secret.exec(word);
    if (own?.groups?.value !== undefined) {
      return word.replace(own.groups.value, '=***');
    }
    const before = secret.exec(given[index - 1] ?? '');
    return before !== null && before.groups?.value === undefined && !word.startsWith('-') ? '***' : word;
  });
}

function part(kind: ContextPart['part'], value: string, name = ''): ContextPart {
  return { part: kind, name, value, digest: '' };
}

function authorityOf({ cluster, clusterFolder, authority }: ContextParts): ContextPart {
  const named = cluster['certificate-authority-data'] === '' ? cluster['certificate-authority'] : '';
  const file = named === '' ? '' : resolve(clusterFolder, named);
  if (authority.unreadable !== '') {
    return part('certificate-authority', [file, '(cannot be read)'].filter((text) => text !== '').join(' '));
  }
  if (authority.pem === '') {
    return part('certificate-authority', '');
  }
  const shown = [file, fingerprintOf(authority.pem)].filter((text) => text !== '').join(', ');
  return { ...part('certificate-authority', shown), digest: digestOf(authority.pem) };
}

/** Of the first certificate, as `openssl x509 -fingerprint -sha256` prints it. */
function fingerprintOf(pem: string): string {
  try {
    return `SHA-256 ${new X509Certificate(pem).fingerprint256}`;
  } catch {
    return 'no certificate';
  }
}

/** Where a password was taken out of an address it still counts. */
function ofSecret(address: string): string {
  return withoutPassword(address) === address ? '' : digestOf(address);
}

function listed(items: readonly unknown[]): string {
  return items.length === 0 ? '' : JSON.stringify(items);
}

function digestOf(content: unknown): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;
}
