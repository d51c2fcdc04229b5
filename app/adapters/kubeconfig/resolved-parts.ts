/** What a context resolves to: the entries that are used, with what their paths are relative to. */
import type { ExecPlugin } from '../../contract/index.ts';
import type { ClusterEntry, ExecEntry, UserEntry } from './schema.ts';

export interface ContextParts {
  readonly cluster: ClusterEntry;
  readonly clusterFolder: string; // relative files of the cluster entry start here
  readonly authority: Authority;
  readonly user: UserEntry;
  readonly userName: string;
  readonly userFile: string; // the kubeconfig of the user entry, or of the context where it names no user
  readonly userFolder: string;
  readonly exec: ResolvedExec | null;
}

/** The certificate authority's PEM, read once so that what is shown is what is used; empty where there is none. */
export interface Authority {
  readonly pem: string;
  readonly unreadable: string; // why
}

export interface ResolvedExec {
  readonly entry: ExecEntry;
  readonly program: string | null; // absolute; null where it is not installed
  readonly plugin: ExecPlugin;
}
