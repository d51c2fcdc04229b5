/** Kubeconfigs without files: contexts that a test sets. Opening one gives a view of its fake cluster. */
import {
  type Caller,
  type Context,
  type ContextPart,
  commandLineOf,
  contextChanged,
  type ExecPlugin,
  failure,
  type Problem,
  problem,
  type Result,
  success,
} from '../contract/index.ts';
import type { CallerMark, ClusterPort, KubeconfigPort, ListedContexts } from '../core/ports.ts';
import { type FakeCluster, FakeClusterPort } from './cluster.ts';
import { type Faults, unlessPlanned } from './faults.ts';
import type { FakeKubeconfigFiles } from './kubeconfig-files.ts';

export class FakeKubeconfig implements KubeconfigPort {
  contexts: Context[];
  problems: Problem[] = [];
  warnings: Problem[] = [];
  /** There is a kubeconfig even where it names no context. */
  isFileThere = false;
  /** Rights that the user of a context lacks, besides those that everybody lacks. */
  readonly missingRights = new Map<string, Problem[]>();
  /** Command lines of plugins that ran. Listing and opening run none. */
  readonly pluginsRun: string[] = [];
  /** The environment of each of these. */
  readonly pluginsRanIn: Readonly<Record<string, string>>[] = [];
  /** The core's own. */
  environment: Readonly<Record<string, string>> = {};
  /** Of the plugins' environment variables. */
  readonly values = new Map<string, string>();
  readonly #cluster: FakeCluster;
  readonly #faults: Faults;
  readonly #files: FakeKubeconfigFiles;
  readonly #watchers = new Set<() => void>();
  #added: readonly string[] = [];

  constructor(cluster: FakeCluster, faults: Faults, files: FakeKubeconfigFiles) {
    this.#cluster = cluster;
    this.#faults = faults;
    this.#files = files;
    this.contexts = [context('production', cluster.server, { current: true }), context('staging', cluster.server)];
  }

  async listContexts(files: readonly string[]): Promise<ListedContexts> {
    this.#added = files;
    const contexts = this.#present();
    if (!this.isFileThere && contexts.length === 0 && this.problems.length === 0) {
      return { contexts: [], problems: [problem('kubeconfig-missing', 'there is no ~/.kube/config')], warnings: [] };
    }
    return { contexts, problems: [...this.problems], warnings: [...this.warnings] };
  }

  /** As the files say it now, whatever a test changed in them. */
  #present(): Context[] {
    const added = this.#added.flatMap((file) =>
      this.#files.contextsOf(file).map(({ name, server }) => context(name, server, { file })),
    );
    return [...this.contexts, ...added].map((one) => ({ ...one, ...seenOf(one) }));
  }

  as(caller: Caller): KubeconfigPort {
    return this.#actingFor(caller.environment, caller.kubeconfigs, caller.isExplicit);
  }

  withFilesOf({ kubeconfigs, isExplicit }: CallerMark): KubeconfigPort {
    return this.#actingFor(this.environment, kubeconfigs, isExplicit);
  }

  async mark(): Promise<CallerMark> {
    return markOf(this.environment, [], false);
  }

  async differencesFrom(mark: CallerMark): Promise<readonly string[]> {
    return differences(this.environment, mark);
  }

  #actingFor(
    environment: Readonly<Record<string, string>>,
    kubeconfigs: readonly string[],
    isExplicit: boolean,
  ): KubeconfigPort {
    return {
      listContexts: (files) => this.listContexts(files),
      watch: (files, changed) => this.watch(files, changed),
      open: (opened) => this.#open(opened, environment),
      pluginEnvironment: (context) => this.pluginEnvironment(context),
      as: (caller) => this.as(caller),
      withFilesOf: (mark) => this.withFilesOf(mark),
      mark: async () => markOf(environment, kubeconfigs, isExplicit),
      differencesFrom: async (mark) => differences(environment, mark),
    };
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
    return this.#open(opened, this.environment);
  }

  #open(opened: Context, environment: Readonly<Record<string, string>>): Promise<Result<ClusterPort>> {
    return unlessPlanned(this.#faults, 'open', () => {
      const { pluginsRun } = this;
      const same = this.#same(opened);
      if (!same.ok) {
        return same;
      }
      const { execPlugin } = opened;
      const rights = this.missingRights.get(opened.name) ?? [];
      const port = new FakeClusterPort(this.#cluster, this.#faults, execPlugin, rights);
      const credentials = port.credentials.bind(port);
      port.credentials = (refresh) => {
        if (execPlugin !== null && execPlugin.refusal !== null) {
          return Promise.resolve(failure(execPlugin.refusal));
        }
        if (execPlugin !== null) {
          pluginsRun.push(execPlugin.command);
          this.pluginsRanIn.push(environment);
        }
        return credentials(refresh);
      };
      return success(port);
    });
  }

  async pluginEnvironment(context: Context): Promise<Result<readonly { name: string; value: string }[]>> {
    const same = this.#same(context);
    return same.ok
      ? success(
          (context.execPlugin?.environmentNames ?? []).map((name) => ({ name, value: this.values.get(name) ?? '' })),
        )
      : same;
  }

  #same({ name, file, digest, parts }: Context): Result<Context> {
    const now = this.#present().find((one) => one.name === name && one.file === file);
    if (now === undefined) {
      return failure(problem('context-unknown', `${file} no longer holds it`, { context: name }));
    }
    return now.digest === digest ? success(now) : failure(contextChanged(name, file, parts, now.parts));
  }
}

function markOf(
  environment: Readonly<Record<string, string>>,
  kubeconfigs: readonly string[],
  isExplicit: boolean,
): CallerMark {
  const variables = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, `digest of ${value}`]),
  );
  return { kubeconfigs, isExplicit, salt: 'salt', variables };
}

function differences(environment: Readonly<Record<string, string>>, mark: CallerMark): string[] {
  const now = markOf(environment, [], false).variables;
  const names = new Set([...Object.keys(now), ...Object.keys(mark.variables)]);
  return [...names].filter((name) => now[name] !== mark.variables[name]).toSorted();
}

export function context(name: string, server: string, more: Partial<Context> = {}): Context {
  const made: Context = {
    name,
    file: '/home/jane/.kube/config',
    cluster: name,
    server,
    user: 'jane',
    namespace: 'webshop',
    current: false,
    authentication: 'token',
    execPlugin: null,
    parts: [],
    digest: '',
    confirmed: false,
    changes: [],
    confirmedEarlier: false,
    lastUsedAt: null,
    problem: null,
    ...more,
  };
  return { ...made, ...seenOf(made) };
}

/** Parts and digest of what a context says; values of variables are not among them. */
function seenOf(context: Context): Pick<Context, 'parts' | 'digest'> {
  const { server, user, authentication, execPlugin } = context;
  if (context.problem !== null) {
    return { parts: [], digest: '' };
  }
  const part = (kind: ContextPart['part'], value: string, name = ''): ContextPart => ({
    part: kind,
    name,
    value,
    digest: '',
  });
  const parts = [
    part('server', server),
    part('certificate-authority', `SHA-256 ${'5E:1C:0A:93:'.repeat(8).slice(0, -1)}`),
    part('user', user),
    part('authentication', authentication),
    ...(execPlugin === null ? [] : [{ ...part('plugin', commandLineOf(execPlugin)), digest: execPlugin.digest }]),
    ...(execPlugin?.environmentNames ?? []).map((name) => ({ ...part('environment', '', name), digest: 'sha256:1' })),
  ];
  return { parts, digest: `digest of ${parts.map(({ value, digest }) => `${value} ${digest}`).join(', ')}` };
}

export function plugin(command: string): ExecPlugin {
  const digest = `digest of ${command}`;
  return { command, arguments: ['get-token'], environmentNames: [], digest, trusted: false, refusal: null };
}
