/**
 * Turns one merged context into what is shown of it and what is needed to talk to its cluster. The user's certificates
 * and keys are read when the cluster is opened, not when contexts are listed.
 */
import { dirname, isAbsolute, resolve } from 'node:path';
import { type Context, type Problem, problem } from '../../contract/index.ts';
import { findProgram } from '../credentials/find-program.ts';
import { pem } from '../credentials/pem.ts';
import type { PluginPolicy } from '../credentials/plugin-policy.ts';
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
import {
  type ClusterEntry,
  clusterEntrySchema,
  complaint,
  contextEntrySchema,
  type ExecEntry,
  userEntrySchema,
} from './schema.ts';

export interface ResolvedContext {
  readonly context: Context;
  /** Absent where the context has a problem that keeps it from being used. */
  readonly parts: ContextParts | null;
}

const noUser = userEntrySchema.parse({});

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
  const context = contextEntrySchema.safeParse(merged.context.value);
  if (!context.success) {
    return unusable(complaint(context.error));
  }
  shown.cluster = context.data.cluster;
  shown.user = context.data.user;
  shown.namespace = context.data.namespace || 'default';
  const foundCluster = merged.cluster(context.data.cluster);
  if (foundCluster === undefined) {
    return unusable(`it names the cluster "${context.data.cluster}", which no file that counts for it defines`);
  }
  const cluster = clusterEntrySchema.safeParse(foundCluster.value);
  if (!cluster.success) {
    return unusable(`cluster "${foundCluster.name}": ${complaint(cluster.error)}`);
  }
  shown.server = withoutPassword(cluster.data.server);
  const serverComplaint = complainAboutServer(cluster.data);
  if (serverComplaint !== null) {
    return unusable(`cluster "${foundCluster.name}": ${serverComplaint}`);
  }
  const foundUser = context.data.user === '' ? null : merged.user(context.data.user);
  if (foundUser === undefined) {
    return unusable(`it names the user "${context.data.user}", which no file that counts for it defines`);
  }
  const user =
    foundUser === null ? { success: true as const, data: noUser } : userEntrySchema.safeParse(foundUser.value);
  if (!user.success) {
    return unusable(`user "${context.data.user}": ${complaint(user.error)}`);
  }
  const provider = user.data['auth-provider'];
  if (provider !== null && user.data.exec === null) {
    return unusable(
      `user "${context.data.user}" logs in through the auth-provider "${provider.name}", which Kubernetes removed in 1.26; log in again with your cluster's tool to get a credential plugin`,
    );
  }
  if (user.data.exec !== null && isTooLong(user.data.exec)) {
    return unusable(`user "${context.data.user}": the command line of its credential plugin is too long to be shown`);
  }
  const userFolder = dirname(foundUser?.file ?? merged.context.file);
  const exec =
    user.data.exec === null ? null : await resolveExec(user.data.exec, cluster.data, userFolder, environment, allows);
  const clusterFolder = dirname(foundCluster.file);
  const authority = await readAuthority(cluster.data, clusterFolder);
  const used: ContextParts = { cluster: cluster.data, clusterFolder, authority, user: user.data, userFolder, exec };
  const parts = partsOf(used, context.data.user);
  return {
    context: {
      ...shown,
      authentication: authenticationOf(user.data),
      execPlugin: exec?.plugin ?? null,
      credentialFiles: credentialFilesOf(user.data, userFolder).map(({ file }) => file),
      parts,
      digest: contextDigestOf(parts),
      ...unknownToFiles,
      problem: null,
    },
    parts: used,
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
      digest: pluginDigestOf(entry, program ?? `missing:${wished}`, cluster),
      trusted: false, // the core knows what was confirmed
      refusal: program === null ? null : await allows(entry.command, program),
    },
  };
}

function hasFolder(command: string): boolean {
  return command.includes('/') || (process.platform === 'win32' && command.includes('\\'));
}

function complainAboutServer(cluster: ClusterEntry): string | null {
  const server = URL.parse(cluster.server);
  if (server === null || (server.protocol !== 'https:' && server.protocol !== 'http:') || server.hostname === '') {
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

function contextProblem(merged: MergedContext, because: string): Problem {
  const { file, name } = merged.context;
  return problem('kubeconfig-unreadable', `context "${name}": ${because}`, { file, context: name });
}
