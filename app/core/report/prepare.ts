/** Gathers what helps somebody else to see what is wrong, redacted before it is shown. Nothing is written here. */
import {
  type ActivityEntry,
  type Check,
  type Context,
  type ContextPart,
  protocolNumber,
  type Report,
  type Settings,
  type Snapshot,
} from '../../contract/index.ts';
import type { ReportSources } from '../ports.ts';
import { createRedactor } from './redact.ts';

/** Longest text of a file, in characters; the newest part of it counts. */
const longestFile = 200_000;

export interface Gathered {
  readonly sources: ReportSources;
  readonly build: string;
  readonly settings: Settings;
  readonly snapshot: Snapshot;
  readonly contexts: readonly Context[];
  readonly checks: readonly Check[];
  readonly activity: readonly ActivityEntry[];
}

export function prepareReport(id: string, gathered: Gathered): Report {
  const { sources, build, settings, snapshot, contexts, checks, activity } = gathered;
  const redactor = createRedactor({
    home: sources.home,
    users: [sources.user, sources.hostName, ...contexts.flatMap(usersOf)].filter(isTelling),
    clusters: contexts
      .flatMap((context) => [
        context.name,
        context.cluster,
        ...serversOf(context).flatMap((server) => [server, hostOf(server), parentOf(hostOf(server))]),
        stemOf(context.file),
      ])
      .filter(isTelling),
    namespaces: namespacesOf(snapshot, settings),
  });
  const files: { name: string; text: string }[] = [
    {
      name: 'versions.json',
      text: pretty({ build, protocol: protocolNumber, helper: snapshot.helper, ...sources.system }),
    },
    { name: 'checks.json', text: pretty(checks) },
    { name: 'snapshot.json', text: pretty(withoutLogins(snapshot)) },
    { name: 'settings.json', text: pretty(settings) },
    {
      name: 'contexts.json',
      text: pretty(
        contexts.map(({ name, authentication, execPlugin, confirmed, problem }) => ({
          name,
          authentication,
          // Arguments may hold an account's number, environment values a secret: the program is what matters.
          execPlugin: execPlugin === null ? null : { command: execPlugin.command, trusted: execPlugin.trusted },
          confirmed,
          problem,
        })),
      ),
    },
    { name: 'activity.json', text: pretty(activity) },
    ...sources.logs,
  ];
  const shown = files
    .filter(({ text }) => text !== '')
    .map(({ name, text }) => {
      // Whole first: a secret that is cut in two is not recognised any more.
      const redacted = newest(redactor.redact(text));
      return { name, text: redacted, bytes: bytesOf(redacted) };
    });
  return { id, files: shown, redactions: { ...redactor.counts } };
}

/** A code of a login is a secret for as long as it is good. */
function withoutLogins({ logins: _, ...rest }: Snapshot): Omit<Snapshot, 'logins'> {
  return rest;
}

function namespacesOf({ connections }: Snapshot, { contexts }: Settings): string[] {
  return [
    ...connections.flatMap((connection) =>
      'homeNamespace' in connection ? [connection.homeNamespace, ...connection.names.domains] : [],
    ),
    ...contexts.flatMap(({ agentNamespace, homeNamespace, namespacesInView }) => [
      agentNamespace,
      homeNamespace,
      ...namespacesInView,
    ]),
    'default',
    'kube-system',
  ].filter((name) => name !== '' && !name.includes('.'));
}

/** Also what a context said when it was confirmed: a report on a changed one tells both. */
function earlier({ changes }: Context, part: ContextPart['part']): string[] {
  return changes.flatMap(({ before }) => (before?.part === part ? [before.value] : []));
}

function usersOf(context: Context): string[] {
  return [context.user, ...earlier(context, 'user')];
}

function serversOf(context: Context): string[] {
  return [context.server, ...earlier(context, 'server')];
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function newest(text: string): string {
  if (text.length <= longestFile) {
    return text;
  }
  const cut = text.slice(-longestFile);
  return `[the older part was left out]\n${cut.slice(cut.indexOf('\n') + 1)}`;
}

/** Words that say nothing about anybody, and would make a report unreadable. */
function isTelling(name: string): boolean {
  return name.length > 1 && !['default', 'localhost', '127.0.0.1'].includes(name);
}

function hostOf(server: string): string {
  return /^https?:\/\/([^/:[\]]+)/.exec(server)?.[1] ?? '';
}

/** The domain that a server's neighbours are in, too; empty where that is a public one, as far as its length tells. */
function parentOf(host: string): string {
  const parent = host.slice(host.indexOf('.') + 1);
  return host.includes('.') && parent.split('.').length > 2 ? parent : '';
}

/** Files are called by the clusters in them. */
function stemOf(file: string): string {
  const stem = (file.split(/[\\/]/).at(-1) ?? '').replace(/\.[A-Za-z]+$/, '');
  return /^(\.?kube)?config$/i.test(stem) ? '' : stem;
}

/** Bytes of UTF-8. */
function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
