/**
 * Turns one merged context into what is shown of it and what is needed to talk to its cluster. The user's certificates
 * and keys are read when the cluster is opened, not when contexts are listed.
 */
import { dirname, isAbsolute, resolve } from 'node:path';
import { type Context, cause, type Problem, problem } from '../../contract/index.ts';
import { findProgram } from '../credentials/find-program.ts';
import { pem } from '../credentials/pem.ts';
import type { PluginPolicy } from '../credentials/plugin-policy.ts';
import { type KeyDigest, withKeyedDigests } from '../storage/digest-key.ts';
import type { Environment } from '../storage/folders.ts';
import {
  authenticationOf,
  contextDigestOf,
  credentialFilesOf,
  partsOf,
  pluginDigestOf,
  withoutPassword,
} from './context-parts.ts';
import type { MergedContext } from './merge.ts';
import type { Authority, ContextParts, ResolvedExec } from './resolved-parts.ts';
import { type ClusterEntry, type ExecEntry, noUser, type UserEntry } from './schema.ts';
import { serverOf } from './server-address.ts';

export interface ResolvedContext {
  readonly context: Context;
  /** Absent where the context has a problem that keeps it from being used. */
  readonly parts: ContextParts | null;
}

/** The core knows what was confirmed and used; a kubeconfig cannot say it of itself. */
const unknownToFiles = {
  confirmed: false,
  changes: [],
  confirmedEarlier: false,
  lastUsedAt: null,
} satisfies Partial<Context>;

export async function resolveContext(
  merged: MergedContext,
  environment: Environment,
  allows: PluginPolicy,
  key: KeyDigest,
): Promise<ResolvedContext> {
  const shown = {
    name: merged.shownName,
    file: merged.context.file,
    cluster: '',
    server: '',
    user: '',
    namespace: 'default',
    current: merged.current,
  };
  const unusable = (because: string): ResolvedContext => ({
    context: {
      ...shown,
      authentication: 'unsupported',
      execPlugin: null,
      credentialFiles: [],
      parts: [],
      digest: '',
      ...unknownToFiles,
      problem: contextProblem(merged, because),
    },
    parts: null,
  });
  const { value: entry } = merged.context;
  shown.cluster = entry.cluster;
  shown.user = entry.user;
  shown.namespace = entry.namespace || 'default';
  const cluster = merged.cluster(entry.cluster);
  if (cluster === undefined) {
    return unusable(
      entry.cluster === ''
        ? 'it names no cluster'
        : `it names the cluster "${entry.cluster}", which no file that counts for it defines`,
    );
  }
  shown.server = withoutPassword(cluster.value.server);
  const server = serverOf(cluster.value);
  const clusterComplaint = complaintAboutCluster(cluster.value, server);
  if (clusterComplaint !== null || server === null) {
    return unusable(`cluster "${cluster.name}": ${clusterComplaint}`);
  }
  shown.server = withoutPassword(server);
  const user = merged.user(entry.user);
  if (user === undefined && entry.user !== '') {
    return unusable(`it names the user "${entry.user}", which no file that counts for it defines`);
  }
  const userEntry = user?.value ?? noUser;
  const userComplaint = complaintAboutUser(userEntry);
  if (userComplaint !== null) {
    return unusable(`user "${entry.user}"${userComplaint}`);
  }
  const used = [merged.context, cluster, ...(user === undefined ? [] : [user])];
  const doubtedBy = [...new Set(used.flatMap((found) => found.doubtedBy))];
  const userFolder = dirname(user?.file ?? merged.context.file);
  const clusterEntry = { ...cluster.value, server };
  const exec =
    userEntry.exec === null
      ? null
      : await resolveExec(userEntry.exec, clusterEntry, userFolder, environment, allows, key);
  const clusterFolder = dirname(cluster.file);
  const authority = await readAuthority(clusterEntry, clusterFolder);
  const resolved: ContextParts = {
    cluster: clusterEntry,
    clusterFolder,
    authority,
    user: userEntry,
    userName: entry.user,
    userFile: user?.file ?? merged.context.file,
    userFolder,
    exec,
  };
  const parts = withKeyedDigests(partsOf(resolved, entry.user), key);
  return {
    context: {
      ...shown,
      authentication: authenticationOf(userEntry),
      execPlugin: exec?.plugin ?? null,
      credentialFiles: credentialFilesOf(userEntry, userFolder).map(({ file }) => file),
      parts,
      digest: contextDigestOf(parts),
      ...unknownToFiles,
      problem: null,
      warnings: used.flatMap(({ warnings }) => warnings),
      doubt: doubtedBy.length === 0 ? null : doubtOf(merged, doubtedBy),
    },
    parts: resolved,
  };
}

/** A command line is confirmed by a person who reads it: longer ones are no command lines. In characters. */
const longestCommandLine = 16_000;

function isTooLong({ command, args, env }: ExecEntry): boolean {
  const words = [command, ...args, ...env.flatMap(({ name, value }) => [name, value])];
  // What cannot be seen is shown written out.
  const shown = words.map((word) => word.replaceAll(/[^ -~]/gu, '\\u{000000}'));
  return shown.join(' ').length > longestCommandLine;
}

async function readAuthority(cluster: ClusterEntry, folder: string): Promise<Authority> {
  try {
    const read = await pem(cluster['certificate-authority-data'], cluster['certificate-authority'], folder);
    return { pem: read, unreadable: '' };
  } catch (error) {
    return { pem: '', unreadable: error instanceof Error ? error.message : String(error) };
  }
}

async function resolveExec(
  entry: ExecEntry,
  cluster: ClusterEntry,
  folder: string,
  environment: Environment,
  allows: PluginPolicy,
  key: KeyDigest,
): Promise<ResolvedExec> {
  const wished =
    hasFolder(entry.command) && !isAbsolute(entry.command) ? resolve(folder, entry.command) : entry.command;
  const program = await findProgram(wished, environment.PATH ?? '');
  return {
    entry,
    program,
    plugin: {
      command: program ?? wished,
      arguments: entry.args,
      environmentNames: entry.env.map((variable) => variable.name),
      digest: key(pluginDigestOf(entry, program ?? `missing:${wished}`, cluster)),
      trusted: false, // the core knows what was confirmed
      refusal: program === null ? null : await allows(entry.command, program),
    },
  };
}

function hasFolder(command: string): boolean {
  return command.includes('/') || (process.platform === 'win32' && command.includes('\\'));
}

function complaintAboutCluster(cluster: ClusterEntry, server: string | null): string | null {
  if (cluster.server === '') {
    return 'it has no server';
  }
  if (server === null) {
    return `the server "${withoutPassword(cluster.server)}" is not an http or https address`;
  }
  if (cluster['proxy-url'] !== '') {
    const proxy = URL.parse(cluster['proxy-url']);
    if (proxy === null || !['http:', 'https:', 'socks5:'].includes(proxy.protocol)) {
      return 'its proxy-url is not an http, https or socks5 address'; // as client-go; the value may hold a password
    }
  }
  return null;
}

const execVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** Goes on after "user NAME". */
function complaintAboutUser({ exec, 'auth-provider': provider }: UserEntry): string | null {
  if (exec === null) {
    return provider === null
      ? null
      : ` logs in through the auth-provider "${provider.name}", which Kubernetes removed in 1.26; log in again with your cluster's tool to get a credential plugin`;
  }
  if (exec.command === '') {
    return ': its credential plugin has no command';
  }
  if (!execVersions.includes(exec.apiVersion)) {
    return `: the apiVersion of its credential plugin is "${exec.apiVersion}", which kubectl no longer supports either; it must be ${execVersions.join(' or ')}: update the plugin and write the entry anew with your cluster's tool`;
  }
  if (!['', 'Never', 'IfAvailable', 'Always'].includes(exec.interactiveMode)) {
    return `: the interactiveMode of its credential plugin is "${exec.interactiveMode}"`;
  }
  if (exec.env.some(({ name }) => !/^[^=\0]+$/.test(name))) {
    return ': a variable for its credential plugin has no name that a variable may have';
  }
  if (isTooLong(exec)) {
    return ': the command line of its credential plugin is too long to be shown';
  }
  return null;
}

/** Somebody who connects by its name might mean another one. */
function doubtOf({ context }: MergedContext, files: readonly string[]): Problem {
  const { name, file } = context;
  return problem('context-unconfirmed', cause('contextDoubted', { files: files.join(', '), file }), {
    context: name,
    file,
  });
}

function contextProblem(merged: MergedContext, because: string): Problem {
  const { file, name } = merged.context;
  return problem('kubeconfig-unreadable', `context "${name}": ${because}`, { file, context: name });
}
