/**
 * Merges kubeconfig files as kubectl does: the first file that defines a name wins, the first current-context wins.
 * Files that the user added by hand come after them and are configurations of their own: their contexts find their
 * own file's clusters and users only, so that no added file can send another file's credentials to a server of its own.
 */
import type { Problem } from '../../contract/index.ts';
import type { KubeconfigFile, ReadOutcome } from './read-files.ts';
import type { ClusterEntry, ContextEntry, UserEntry } from './schema.ts';

export interface Found<Entry> {
  readonly file: string; // where it is defined: relative paths in it start there
  readonly name: string;
  readonly value: Entry;
  readonly warnings: readonly Problem[];
  /** Files before it that cannot be read and may define another entry of this name, which would win. */
  readonly doubtedBy: readonly string[];
}

export interface MergedContext {
  /** Unique. The context's name, with `@file` behind it where an earlier file took the name. */
  readonly shownName: string;
  readonly context: Found<ContextEntry>;
  readonly current: boolean;
  cluster(name: string): Found<ClusterEntry> | undefined;
  user(name: string): Found<UserEntry> | undefined;
}

/** `defaults` in their order, those that cannot be read among them: nothing behind one is taken for its entries. */
export function mergeFiles(defaults: readonly ReadOutcome[], added: readonly KubeconfigFile[]): MergedContext[] {
  const clusters = firstDefinitions(defaults, 'clusters', (entry) => entry.cluster);
  const users = firstDefinitions(defaults, 'users', (entry) => entry.user);
  const currentName = currentOf(defaults);
  const merged: MergedContext[] = [];
  const names = new Set<string>(['']); // kubectl cannot choose a context without a name either
  for (const context of firstDefinitions(defaults, 'contexts', (entry) => entry.context).values()) {
    if (!names.has(context.name)) {
      names.add(context.name);
      merged.push({
        shownName: context.name,
        context,
        current: context.name === currentName,
        cluster: (name) => clusters.get(name),
        user: (name) => users.get(name),
      });
    }
  }
  for (const file of added) {
    const own: ReadOutcome[] = [{ kind: 'read', file }];
    const ownClusters = firstDefinitions(own, 'clusters', (entry) => entry.cluster);
    const ownUsers = firstDefinitions(own, 'users', (entry) => entry.user);
    for (const context of firstDefinitions(own, 'contexts', (entry) => entry.context).values()) {
      if (context.name === '') {
        continue;
      }
      const shownName = freeName(context, names);
      names.add(shownName);
      merged.push({
        shownName,
        context,
        current: currentName === '' && file.document['current-context'] === context.name && !anyCurrent(merged),
        cluster: (name) => ownClusters.get(name),
        user: (name) => ownUsers.get(name),
      });
    }
  }
  return merged;
}

/** The first that is set; null where a file before it cannot be read and may set another one, empty where none is. */
function currentOf(files: readonly ReadOutcome[]): string | null {
  for (const file of files) {
    if (file.kind === 'broken' && file.mayName('current-context')) {
      return null;
    }
    if (file.kind === 'read' && file.file.document['current-context'] !== '') {
      return file.file.document['current-context'];
    }
  }
  return '';
}

function anyCurrent(merged: readonly MergedContext[]): boolean {
  return merged.some((context) => context.current);
}

function freeName(context: Found<ContextEntry>, taken: ReadonlySet<string>): string {
  const file = context.file.slice(context.file.lastIndexOf('/') + 1);
  const candidates = [context.name, `${context.name}@${file}`, `${context.name}@${context.file}`];
  return candidates.find((name) => !taken.has(name)) ?? `${context.name}@${context.file}#${taken.size}`;
}

function firstDefinitions<List extends 'clusters' | 'users' | 'contexts', Entry>(
  files: readonly ReadOutcome[],
  list: List,
  entryOf: (named: KubeconfigFile['document'][List][number]) => Entry,
): Map<string, Found<Entry>> {
  const found = new Map<string, Found<Entry>>();
  const broken: Extract<ReadOutcome, { kind: 'broken' }>[] = [];
  for (const outcome of files) {
    if (outcome.kind === 'broken') {
      broken.push(outcome);
    }
    for (const named of outcome.kind === 'read' ? outcome.file.document[list] : []) {
      const { name } = named;
      if (outcome.kind === 'read' && !found.has(name)) {
        found.set(name, {
          file: outcome.file.path,
          name,
          value: entryOf(named),
          warnings: outcome.file.odd.filter((odd) => odd.list === list && odd.name === name).map((odd) => odd.warning),
          doubtedBy: broken.filter((file) => file.mayName(name)).map((file) => file.path),
        });
      }
    }
  }
  return found;
}
