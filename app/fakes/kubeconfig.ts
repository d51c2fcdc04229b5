/** Kubeconfigs without files: contexts that a test sets. Opening one gives a view of its fake cluster. */
import { type Context, type ExecPlugin, type Problem, problem, type Result, success } from '../contract/index.ts';
import type { ClusterPort, KubeconfigPort } from '../core/ports.ts';
import { type FakeCluster, FakeClusterPort } from './cluster.ts';
import { type Faults, unlessPlanned } from './faults.ts';
import type { FakeKubeconfigFiles } from './kubeconfig-files.ts';

export class FakeKubeconfig implements KubeconfigPort {
  contexts: Context[];
  problems: Problem[] = [];
  /** There is a kubeconfig even where it names no context. */
  isFileThere = false;
  /** Rights that the user of a context lacks, besides those that everybody lacks. */
  readonly missingRights = new Map<string, Problem[]>();
  /** Command lines of plugins that ran. Listing and opening run none. */
  readonly pluginsRun: string[] = [];
  readonly #cluster: FakeCluster;
  readonly #faults: Faults;
  readonly #files: FakeKubeconfigFiles;
  readonly #watchers = new Set<() => void>();

  constructor(cluster: FakeCluster, faults: Faults, files: FakeKubeconfigFiles) {
    this.#cluster = cluster;
    this.#faults = faults;
    this.#files = files;
    this.contexts = [context('production', cluster.server, { current: true }), context('staging', cluster.server)];
  }

  async listContexts(files: readonly string[]): Promise<{ contexts: Context[]; problems: Problem[] }> {
    const added = files.flatMap((file) =>
      this.#files.contextsOf(file).map(({ name, server }) => context(name, server, { file })),
    );
    if (!this.isFileThere && this.contexts.length + added.length === 0 && this.problems.length === 0) {
      return { contexts: [], problems: [problem('kubeconfig-missing', 'there is no ~/.kube/config')] };
    }
    return { contexts: [...this.contexts, ...added], problems: [...this.problems] };
  }

  watch(_files: readonly string[], changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Another content of the files. */
  change(contexts: Context[]): void {
    this.contexts = contexts;
    for (const changed of this.#watchers) {
      changed();
    }
  }

  open(opened: Context): Promise<Result<ClusterPort>> {
    return unlessPlanned(this.#faults, 'open', () => {
      const { pluginsRun } = this;
      const { execPlugin } = opened;
      const rights = this.missingRights.get(opened.name) ?? [];
      const port = new FakeClusterPort(this.#cluster, this.#faults, execPlugin, rights);
      const credentials = port.credentials.bind(port);
      port.credentials = (refresh) => {
        if (execPlugin !== null) {
          pluginsRun.push(execPlugin.command);
        }
        return credentials(refresh);
      };
      return success(port);
    });
  }
}

export function context(name: string, server: string, more: Partial<Context> = {}): Context {
  return {
    name,
    file: '/home/jane/.kube/config',
    cluster: name,
    server,
    user: 'jane',
    namespace: 'webshop',
    current: false,
    authentication: 'token',
    execPlugin: null,
    digest: `digest of ${name} at ${server} with ${more.execPlugin?.digest ?? 'no plugin'}`,
    confirmed: false,
    lastUsedAt: null,
    problem: null,
    ...more,
  };
}

export function plugin(command: string): ExecPlugin {
  return { command, arguments: ['get-token'], environmentNames: [], digest: `digest of ${command}`, trusted: false };
}
