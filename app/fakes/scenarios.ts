/**
 * Scenes for a window and its tests: a believable world, broken in the ways that SLIPWAY_FAKE names, several by comma.
 * Everything else is the core's own doing: what a window shows of it is real state.
 */
import { cause, type ExecPlugin, failure, type Problem, problem, type Result, success } from '../contract/index.ts';
import type { Clock } from '../core/ports.ts';
import { hostilePods, longPods, manyPods, podsBehind, troubledPods } from './believable-pods.ts';
import { believableNamespaces, believableServices } from './believable-services.ts';
import { hostileServices, revised, stir } from './crowd.ts';
import { directScenarios } from './direct-scenarios.ts';
import { interrupt } from './interrupted.ts';
import { context } from './kubeconfig.ts';
import { reachScenarios } from './reach-scenarios.ts';
import { createWorld, type World } from './world.ts';

type Prepare = (world: World, clock: Clock) => void;

const forever = Number.POSITIVE_INFINITY;

const role = [
  'apiVersion: rbac.authorization.k8s.io/v1',
  'kind: Role',
  'metadata:',
  '  name: slipway-agent',
  '  namespace: dev',
  'rules:',
  '  # makes the agent',
  '  - apiGroups: [batch]',
  '    resources: [jobs]',
  '    verbs: [create]',
  '  # moves the deadline of its own agent on, and deletes it',
  '  - apiGroups: [batch]',
  '    resources: [jobs]',
  '    resourceNames: [slipway-agent-0c4f81d2aa]',
  '    verbs: [get, patch, delete]',
  '',
].join('\n');

const mayNotMakeJobs: Problem = problem(
  'forbidden',
  'jobs.batch is forbidden: User "jane" cannot create resource "jobs" in API group "batch" in the namespace "dev"',
  { verb: 'create', resource: 'jobs', namespace: 'dev' },
  role,
);
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

const pluginValues = {
  AWS_PROFILE: 'payments-production',
  AWS_CONFIG_FILE: '/home/jane/checkout/aws.ini',
  HTTPS_PROXY: 'http://203.0.113.7:3128',
  LD_PRELOAD: '/home/jane/checkout/lib/colors.so',
  STAGE: 'test',
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
  /** No program has a connection. */
  'no-flows': ({ host }) => {
    host.flows.kind = 'none';
  },
  /** More connections than are told. */
  'many-flows': ({ host }) => {
    host.flows.kind = 'many';
    host.flows.more = 19_312;
  },
  /** A system on which programs are not looked up. */
  'unknown-programs': ({ host }) => {
    host.flows.programsKnown = false;
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
  /** The range of Services is the office's; pods are reached. */
  conflict: ({ host }) => {
    host.networks = [...host.networks, { prefix: '10.96.0.0/12', interface: 'wlan0' }];
  },
  /** All ranges are the office's. */
  'conflict-all': ({ host }) => {
    host.networks = [...host.networks, { prefix: '10.0.0.0/8', interface: 'wlan0' }];
  },
  /** A VPN has all of 10.0.0.0/8, and a bridge of this laptop lies among the Services. */
  narrowed: ({ host }) => {
    host.networks = [
      ...host.networks,
      { prefix: '10.0.0.0/8', interface: 'tun0', isRoute: true },
      { prefix: '10.96.4.0/24', interface: 'docker0' },
    ];
  },
  /** A bridge of this laptop lies among the Services. */
  cut: ({ host }) => {
    host.networks = [...host.networks, { prefix: '10.96.4.0/24', interface: 'docker0' }];
  },
  /** A range that the user added is a container network's; the rest works. */
  'conflict-extra': ({ host, store }) => {
    host.networks = [...host.networks, { prefix: '172.20.0.0/16', interface: 'docker0' }];
    store.kept = { ...store.kept, settings: { ...store.kept.settings, extraRanges: ['172.20.0.0/16'] } };
  },
  /** The laptop goes to an office whose network lies inside the pods' range, and leaves it again, over and over. */
  roaming: ({ host }, clock) => {
    const home = host.networks;
    const office = [...home, { prefix: '10.244.0.0/23', interface: 'wlan0' }];
    const move = (isAtHome: boolean) =>
      clock.after(10_000, () => {
        host.moveTo(isAtHome ? office : home);
        move(!isAtHome);
      });
    move(true);
  },
  ...directScenarios,
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
  /** Services answer requests after two seconds. */
  'slow-services': ({ host }) => {
    host.times = { ...host.times, service: 1_860_000 };
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

function furnish({ cluster, kubeconfig, store, host }: World, now: number): void {
  cluster.services = believableServices(now);
  cluster.pods = [...podsBehind(cluster.services, now), ...troubledPods(now)];
  cluster.namespaces = [...believableNamespaces];
  const awsPlugin = {
    command: '/usr/local/bin/aws',
    arguments: [
      '--region',
      'eu-central-1',
      'eks',
      'get-token',
      '--cluster-name',
      'production-payments',
      '--output',
      'json',
    ],
    environmentNames: ['AWS_PROFILE'],
    digest: 'sha256:5d1f0c',
    trusted: false,
    refusal: null,
  };
  const arn = 'arn:aws:eks:eu-central-1:123456789012:cluster/production-payments-eu-central-1';
  kubeconfig.contexts = [
    context('test-frankfurt', 'https://kube.test.frankfurt.example.com:6443', { current: true }),
    context('staging-eu', 'https://203.0.113.40:6443', { authentication: 'certificate', user: 'jane@staging' }),
    context('dev-shared', 'https://kube.dev.example.com', { namespace: 'dev', authentication: 'certificate' }),
    context('sandbox', 'https://10.87.0.2:6443', { file: '/home/jane/.cache/slipway/sandbox/admin.kubeconfig' }),
    context(arn, 'https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com', {
      authentication: 'exec',
      execPlugin: awsPlugin,
      namespace: 'default',
    }),
    context('old-cluster', '', {
      authentication: 'unsupported',
      digest: '',
      problem: problem(
        'kubeconfig-unreadable',
        'context "old-cluster": it names the cluster "old", which no file defines',
        {
          file: '/home/jane/.kube/config',
          context: 'old-cluster',
        },
      ),
    }),
  ];
  for (const [name, value] of Object.entries(pluginValues)) {
    kubeconfig.values.set(name, value);
  }
  kubeconfig.missingRights.set('dev-shared', [mayNotMakeJobs]);
  const used = new Map([
    ['test-frankfurt', now - 3_600_000],
    ['staging-eu', now - 3 * 86_400_000],
    ['sandbox', now - 40 * 86_400_000],
  ]);
  const records = kubeconfig.contexts
    .filter(({ name }) => used.has(name))
    .map(({ name, file, digest, parts }) => ({
      context: name,
      file,
      confirmed: { digest, parts },
      used: null,
      lastUsedAt: used.get(name) ?? null,
    }));
  store.kept = { ...store.kept, settings: { ...store.kept.settings, welcomed: true }, records };
  host.helperRuns = true;
}
