/**
 * Scenes for a window and its tests: a believable world, broken in the ways that SLIPWAY_FAKE names, several by comma.
 * Everything else is the core's own doing: what a window shows of it is real state.
 */
import { cause, type ExecPlugin, failure, type Problem, problem, type Result, success } from '../contract/index.ts';
import type { Clock } from '../core/ports.ts';
import { hostilePods, longPods, manyPods, podsBehind } from './believable-pods.ts';
import { believableServices } from './believable-services.ts';
import { benchScenarios } from './bench-scenarios.ts';
import { hostileServices, revised, stir } from './crowd.ts';
import { directScenarios } from './direct-scenarios.ts';
import { flowScenarios } from './flow-scenarios.ts';
import { furnish, mayNotMakeJobs, role } from './furnish.ts';
import { interrupt } from './interrupted.ts';
import { context } from './kubeconfig.ts';
import { networkScenarios } from './network-scenarios.ts';
import { reachScenarios } from './reach-scenarios.ts';
import { createWorld, type World } from './world.ts';

type Prepare = (world: World, clock: Clock) => void;

const forever = Number.POSITIVE_INFINITY;

const mayNotListServices: Problem = {
  ...problem(
    'forbidden',
    'services is forbidden: User "jane" cannot list resource "services" at the cluster scope',
    { verb: 'list', resource: 'services', namespace: '' },
    role.replace('kind: Role', 'kind: ClusterRole'),
  ),
  severity: 'warning',
};

const mayNotListPods: Problem = {
  ...problem(
    'forbidden',
    'pods is forbidden: User "jane" cannot list resource "pods" at the cluster scope',
    { verb: 'list', resource: 'pods', namespace: '' },
    role.replace('kind: Role', 'kind: ClusterRole'),
  ),
  severity: 'warning',
};

const hostilePlugin: ExecPlugin = {
  command: '/usr/local/bin/aws',
  arguments: ['eks', 'get-token', '--cluster-name', 'test-frankfurt'],
  environmentNames: ['AWS_CONFIG_FILE', 'HTTPS_PROXY', 'LD_PRELOAD', 'STAGE'],
  digest: 'sha256:77ab10',
  trusted: false,
  refusal: null,
};

/** What each name does to the world. */
export const scenarios = {
  'many-services': ({ cluster }, clock) => {
    cluster.services = believableServices(clock.now(), 10_000);
    cluster.pods = podsBehind(cluster.services, clock.now());
    cluster.namespaces = [...new Set(cluster.services.map(({ namespace }) => namespace))].sort();
  },
  'many-pods': ({ cluster }, clock) => {
    cluster.pods = manyPods(clock.now(), 2000);
  },
  'long-names': ({ cluster }, clock) => {
    cluster.pods = [...longPods(clock.now()), ...cluster.pods];
  },
  empty: ({ cluster }) => {
    cluster.services = [];
    cluster.pods = [];
  },
  hostile: ({ cluster, host }) => {
    host.flows.kind = 'hostile';
    const hostile = hostileServices();
    cluster.services = [...cluster.services, ...hostile];
    cluster.pods = [...cluster.pods, ...hostilePods(hostile)];
    cluster.namespaces = [...new Set([...cluster.namespaces, ...cluster.services.map(({ namespace }) => namespace)])];
    cluster.namespaces.sort();
  },
  /** 50 Services change each second. */
  lively: ({ cluster }, clock) => {
    cluster.services = cluster.services.map((service) => revised(service));
    stir(cluster, clock, 50);
  },
  /** No right that a connection needs. */
  forbidden: ({ cluster }) => {
    cluster.missingRights = [mayNotMakeJobs];
  },
  /** Connects, but neither namespaces nor Services may be listed. */
  'forbidden-services': ({ cluster }) => {
    cluster.missingRights = [mayNotListServices];
    cluster.catalogueProblems = [mayNotListServices];
    cluster.services = [];
    cluster.podProblems = [mayNotListPods];
    cluster.pods = [];
    cluster.mayListNamespaces = false;
  },
  /** Its domain is one that somebody may own. */
  'registered-domain': ({ cluster }) => {
    cluster.domain = 'k8s.example.com';
  },
  /** Its nameservers know a domain besides its own. */
  'stub-domains': ({ cluster }) => {
    cluster.stubDomains = ['corp.example'];
  },
  unauthorized: ({ faults }) => {
    faults.plan('reach', problem('unauthorized', 'the API server answered 401: the token has expired'), forever);
  },
  'helper-missing': ({ faults }) => {
    faults.plan(
      'ensureHelper',
      problem('helper-missing', cause('helperNoRoot'), { context: 'test-frankfurt' }),
      forever,
    );
  },
  'helper-old': ({ faults }) => {
    faults.plan('ensureHelper', problem('helper-version', cause('helperProtocol', { theirs: 0, ours: 1 })), forever);
  },
  'helper-refused': ({ faults }) => {
    faults.plan('ensureHelper', problem('helper-refused', cause('helperNotConfirmed')), forever);
  },
  'agent-crash': ({ faults }) => {
    const cause = 'the container ended with 137 (OOMKilled); its last words: fatal error: out of memory';
    faults.plan('placeAgent', problem('agent-crashed', cause), forever);
  },
  'agent-image': ({ faults }) => {
    const image = 'docker.io/library/busybox:1.37';
    const cause = `ErrImagePull: failed to pull ${image}: dial tcp 198.51.100.7:443: i/o timeout`;
    faults.plan('placeAgent', problem('agent-image-unpullable', cause, { image, context: 'test-frankfurt' }), forever);
  },
  'agent-pending': ({ faults }) => {
    faults.plan('placeAgent', 'hangs', forever);
  },
  /** A credential plugin that waits for its user for ever. */
  'login-waits': ({ cluster, faults, kubeconfig, store }) => {
    const page = 'https://login.example.test/device';
    cluster.login = `To sign in, use a web browser to open ${page} and enter the code ABCD-1234`;
    faults.plan('credentials', 'hangs', forever);
    const execPlugin = { ...hostilePlugin, environmentNames: [], trusted: true };
    kubeconfig.contexts = kubeconfig.contexts.map((one) =>
      one.name === 'test-frankfurt'
        ? context(one.name, one.server, { ...one, authentication: 'exec', execPlugin })
        : one,
    );
    const records = store.kept.records.map((record) => {
      const { digest = '', parts = [] } = kubeconfig.contexts.find(({ name }) => name === record.context) ?? {};
      return { ...record, confirmed: { digest, parts } };
    });
    store.kept = { ...store.kept, trusted: [execPlugin.digest], records };
  },
  offline: ({ cluster }) => {
    cluster.isReachable = false;
  },
  /** Six seconds after each connect the cluster goes away. */
  gone: (world, clock) => interrupt(world, clock, 6000, forever),
  /** It goes away for six seconds, and comes back. */
  flaky: (world, clock) => interrupt(world, clock, 6000, 6000),
  'no-contexts': ({ kubeconfig }) => {
    kubeconfig.contexts = [];
    kubeconfig.isFileThere = true;
  },
  'no-kubeconfig': ({ kubeconfig }) => {
    kubeconfig.contexts = [];
  },
  'broken-kubeconfig': ({ kubeconfig }) => {
    const file = '/home/jane/.kube/config';
    kubeconfig.contexts = [];
    kubeconfig.problems = [problem('kubeconfig-unreadable', `${file}, line 12: bad indentation`, { file, line: '12' })];
  },
  /** The files say something else of staging-eu than when it was confirmed. */
  'changed-context': ({ kubeconfig }) => {
    kubeconfig.contexts = kubeconfig.contexts.map((one) =>
      one.name === 'staging-eu' ? { ...one, server: 'https://203.0.113.99:6443' } : one,
    );
  },
  /** test-frankfurt was on when the core died, and since then its file says something else. */
  'changed-while-on': (world) => {
    scenarios.connected(world);
    const { kubeconfig } = world;
    kubeconfig.contexts = kubeconfig.contexts.map((one) =>
      one.name === 'test-frankfurt'
        ? { ...one, server: 'https://203.0.113.99:6443', authentication: 'exec', execPlugin: hostilePlugin }
        : one,
    );
  },
  /** The user's kuberc lets no plugin run. */
  'plugins-refused': ({ kubeconfig }) => {
    const file = '/home/jane/.kube/kuberc';
    kubeconfig.contexts = kubeconfig.contexts.map(({ execPlugin, ...one }) => {
      const command = execPlugin?.command ?? '';
      const refusal = problem('exec-refused', `${file} sets credentialPluginPolicy: DenyAll`, { command, file });
      return { ...one, execPlugin: execPlugin === null ? null : { ...execPlugin, refusal } };
    });
  },
  ...benchScenarios,
  ...networkScenarios,
  ...directScenarios,
  ...flowScenarios,
  ...reachScenarios,
  'names-unset': ({ faults }) => {
    faults.plan('names', problem('resolver-unset', '/etc/resolv.conf is immutable'), forever);
  },
  'left-over': ({ host }) => {
    host.stubborn = 1;
  },
  'no-tun': ({ host }) => {
    host.tunAvailable = false;
  },
  'first-run': ({ store, host }) => {
    store.kept = { ...store.kept, settings: { ...store.kept.settings, welcomed: false }, records: [] };
    host.helperRuns = false;
  },
  /** Switched on when the core starts, as after a restart. */
  connected: ({ store, kubeconfig }) => {
    const [first] = kubeconfig.contexts;
    if (first !== undefined) {
      const namespaces = { homeNamespace: first.namespace, agentNamespace: first.namespace };
      const images = { agentImage: '', baseImage: store.kept.settings.baseImage };
      store.kept = { ...store.kept, wanted: [{ context: first.name, file: first.file, ...namespaces, ...images }] };
    }
  },
  /** Each step takes three seconds. */
  slow: () => {},
  /** Nothing takes any time. */
  fast: () => {},
  /** Whoever uses it is root, or on a laptop of the sandbox: see app/hosts/core/fake.ts. */
  root: () => {},
  'in-sandbox': () => {},
  /** The host keeps settings on disk, see app/hosts/core/fake.ts. */
  kept: () => {},
} as const satisfies Record<string, Prepare>;

export type Scenario = keyof typeof scenarios;

/** Reads names by comma. */
export function readScenarios(text: string): Result<Scenario[]> {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.find((name) => !Object.hasOwn(scenarios, name));
  return unknown === undefined
    ? success(names as Scenario[])
    : failure(problem('usage', `${unknown} is not a scenario; there are: ${Object.keys(scenarios).join(', ')}`));
}

/** A believable world with these scenarios in force, in the order given. */
export function createScene(clock: Clock, names: readonly Scenario[]): World {
  const pace = names.includes('slow') ? 3000 : names.includes('fast') ? 1 : 250;
  const world = createWorld(clock, pace);
  furnish(world, clock.now());
  for (const name of names) {
    scenarios[name](world, clock);
  }
  return world;
}
