/**
 * Merges kubeconfig files as kubectl does: the first file that defines a name wins, the first current-context wins.
 * Files that the user added by hand come after them and are configurations of their own: their contexts find their
 * own file's clusters and users only, so that no added file can send another file's credentials to a server of its own.
 */
import type { KubeconfigFile } from './read-files.ts';

export interface Found {
  readonly file: string; // where it is defined: relative paths in it start there
  readonly name: string;
  readonly value: unknown;
}

export interface MergedContext {
  /** Unique. The context's name, with `@file` behind it where an earlier file took the name. */
  readonly shownName: string;
  readonly context: Found;
  readonly current: boolean;
  cluster(name: string): Found | undefined;
  user(name: string): Found | undefined;
}

type Kind = 'clusters' | 'users' | 'contexts';

export function mergeFiles(defaults: readonly KubeconfigFile[], added: readonly KubeconfigFile[]): MergedContext[] {
  const clusters = firstDefinitions(defaults, 'clusters');
  const users = firstDefinitions(defaults, 'users');
  const currentName = defaults.map((file) => file.document['current-context']).find((name) => name !== '') ?? '';
  const merged: MergedContext[] = [];
  const names = new Set<string>();
  for (const context of firstDefinitions(defaults, 'contexts').values()) {
    names.add(context.name);
    merged.push({
      shownName: context.name,
      context,
      current: context.name === currentName,
      cluster: (name) => clusters.get(name),
      user: (name) => users.get(name),
    });
  }
  for (const file of added) {
    const ownClusters = firstDefinitions([file], 'clusters');
    const ownUsers = firstDefinitions([file], 'users');
    for (const context of firstDefinitions([file], 'contexts').values()) {
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

function anyCurrent(merged: readonly MergedContext[]): boolean {
  return merged.some((context) => context.current);
}

function freeName(context: Found, taken: ReadonlySet<string>): string {
  const file = context.file.slice(context.file.lastIndexOf('/') + 1);
  const candidates = [context.name, `${context.name}@${file}`, `${context.name}@${context.file}`];
  return candidates.find((name) => !taken.has(name)) ?? `${context.name}@${context.file}#${taken.size}`;
}

function firstDefinitions(files: readonly KubeconfigFile[], kind: Kind): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const file of files) {
    for (const entry of file.document[kind]) {
      if (!found.has(entry.name)) {
        found.set(entry.name, { file: file.path, name: entry.name, value: entry.value });
      }
    }
  }
  return found;
}
