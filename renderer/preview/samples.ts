/** A believable laptop for the preview, the kit page and tests: what `../../app/contract` lets a core say, written by hand. */
import {
  type ActivityEntry,
  type Connection,
  type Context,
  type Counters,
  defaultSettings,
  type Endpoint,
  type Problem,
  problem,
  type Route,
  type Service,
  type Settings,
  type Snapshot,
} from '../../app/contract/index.ts';

/** A Thursday noon; samples never read the clock, so that two screenshots of them are the same. */
export const sampleNow = Date.UTC(2026, 10, 26, 11, 4, 33);
const minute = 60_000;
const day = 24 * 60 * minute;
export const sampleFile = '/home/ada/.kube/config';

const context = (name: string, more: Partial<Context> = {}): Context => ({
  name,
  file: sampleFile,
  cluster: name,
  server: `https://${name}.example:6443`,
  user: 'test-viewer',
  namespace: 'default',
  current: false,
  authentication: 'token',
  execPlugin: null,
  parts: [],
  digest: `digest of ${name}`,
  confirmed: true,
  changes: [],
  confirmedEarlier: false,
  lastUsedAt: null,
  problem: null,
  ...more,
});

export const sampleContexts: readonly Context[] = [
  context('test-frankfurt', { namespace: 'webshop', current: true, lastUsedAt: sampleNow - 12 * minute }),
  context('staging-eu', { lastUsedAt: sampleNow - day }),
  context('dev-shared', { lastUsedAt: sampleNow - 2 * day }),
  context('sandbox', { server: 'https://10.90.0.2:6443', lastUsedAt: sampleNow - 6 * day }),
  context('arn:aws:eks:eu-west-1:012345678901:cluster/production-blue', {
    authentication: 'exec',
    confirmed: false,
    execPlugin: {
      command: 'aws',
      arguments: ['eks', 'get-token', '--cluster-name', 'production-blue', '--output', 'json'],
      environmentNames: ['AWS_PROFILE'],
      digest: 'digest of aws',
      trusted: false,
      refusal: null,
    },
  }),
];

const clusterOf = (name: string) => {
  const found = sampleContexts.find((one) => one.name === name) ?? context(name);
  return { context: found.name, file: found.file, server: found.server };
};

const sampleRoutes: readonly Route[] = [
  {
    prefix: '10.96.0.0/16',
    kind: 'services',
    origin: 'service-cidr',
    decision: 'routed',
    reason: '',
    conflict: '',
    interface: '',
  },
  {
    prefix: '10.244.0.0/16',
    kind: 'pods',
    origin: 'node-pod-cidr',
    decision: 'routed',
    reason: '',
    conflict: '',
    interface: '',
  },
  {
    prefix: '192.168.1.0/24',
    kind: 'extra',
    origin: 'user',
    decision: 'refused',
    reason: 'own-subnet',
    conflict: '192.168.1.0/24',
    interface: 'wlan0',
  },
];

export const sampleConnected = {
  phase: 'connected',
  cluster: clusterOf('test-frankfurt'),
  since: sampleNow - 12 * minute,
  path: 'direct',
  pathReason: {
    chosen: 'node-port',
    candidate: { kind: 'node', host: '10.1.2.3', port: 31_820 },
    roundTripMicroseconds: 430,
    mtu: 1500,
    tried: [
      { kind: 'pod', host: '10.244.0.77', port: 8724, outcome: 'inside-tunnel', detail: '' },
      { kind: 'node', host: '10.1.2.3', port: 31_820, outcome: 'works', detail: '' },
    ],
    nodeUnread: false,
  },
  interface: 'slipway0',
  routes: [...sampleRoutes],
  names: {
    mode: 'resolved',
    resolver: '10.96.0.10',
    clusterDomain: 'cluster.local',
    domains: ['cluster.local', 'svc.cluster.local'],
    search: ['webshop.svc.cluster.local', 'svc.cluster.local'],
    upstreams: ['192.168.1.1'],
    refused: [{ name: 'dev', reason: 'public-suffix', conflict: 'dev', grantable: false }],
  },
  agent: {
    namespace: 'webshop',
    pod: 'slipway-agent-7d9fk',
    build: '0.1.0+4c1d',
    delivery: 'sent',
    image: 'docker.io/library/busybox:1.37',
  },
  homeNamespace: 'webshop',
  roundTripMicroseconds: 18_400,
  bytesUp: 38_000_000,
  bytesDown: 412_000_000,
  degraded: [],
  checkedAt: 0,
  done: [
    { step: 'cluster', milliseconds: 212 },
    { step: 'helper', milliseconds: 34 },
    { step: 'agent', milliseconds: 1820 },
    { step: 'tunnel', milliseconds: 96 },
    { step: 'routes', milliseconds: 12 },
    { step: 'names', milliseconds: 41 },
    { step: 'verify', milliseconds: 58 },
  ],
} satisfies Connection;

export const sampleForbidden: Problem = problem(
  'forbidden',
  'pods is forbidden: User "test-viewer" cannot create resource "pods" in API group "" in the namespace "default"',
  { verb: 'create', resource: 'pods' },
  [
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: Role',
    'metadata:',
    '  name: slipway',
    '  namespace: default',
    'rules:',
    '  - apiGroups: [""]',
    '    resources: [pods, pods/exec, pods/portforward]',
    '    verbs: [get, list, watch, create, delete]',
  ].join('\n'),
);

export const sampleFailed = {
  phase: 'failed',
  cluster: clusterOf('dev-shared'),
  at: sampleNow - 3 * minute,
  step: 'agent',
  milliseconds: 4200,
  done: [
    { step: 'cluster', milliseconds: 180 },
    { step: 'helper', milliseconds: 40 },
  ],
  because: sampleForbidden,
  leftOnHost: 0,
  retry: 'pointless',
  nextTryAt: null,
} satisfies Connection;

export const samplePreparing = {
  phase: 'preparing',
  cluster: clusterOf('staging-eu'),
  attempt: 1,
  startedAt: sampleNow - 2100,
  step: 'agent',
  stepStartedAt: sampleNow - 1850,
  detailSaid: null,
  detail: 'Pulling image "docker.io/library/busybox:1.37"',
  done: [
    { step: 'cluster', milliseconds: 212 },
    { step: 'helper', milliseconds: 34 },
  ],
} satisfies Connection;

export const sampleReconnecting = {
  phase: 'reconnecting',
  cluster: sampleConnected.cluster,
  since: sampleConnected.since,
  lostAt: sampleNow - 8000,
  attempt: 3,
  nextTryAt: sampleNow + 4000,
  because: problem('api-unreachable', 'dial tcp 10.20.4.7:6443: i/o timeout', { context: 'test-frankfurt' }),
  hostKept: true,
  routes: sampleConnected.routes,
  names: sampleConnected.names,
  homeNamespace: 'webshop',
} satisfies Connection;

export const sampleSnapshot: Snapshot = {
  revision: 42,
  build: '0.1.0+4c1d',
  processId: 4711,
  wanted: [
    {
      context: 'test-frankfurt',
      file: sampleFile,
      homeNamespace: 'webshop',
      agentNamespace: '',
      agentImage: '',
      baseImage: '',
    },
  ],
  connections: [sampleConnected, sampleFailed],
  helper: { state: 'ready', build: '0.1.0+4c1d' },
  contextsRevision: 1,
  settingsRevision: 1,
  work: [],
};

export const sampleSettings: Settings = {
  ...defaultSettings,
  kubeconfigFiles: [sampleFile],
  welcomed: true,
  pinnedServices: [{ context: 'test-frankfurt', file: sampleFile, namespace: 'webshop', name: 'orders' }],
};

const endpoints = (ready: number, all: number, stem: string): Endpoint[] =>
  Array.from({ length: all }, (_, index) => ({
    address: `10.244.2.${17 + index}`,
    ready: index < ready,
    pod: `${stem}-6b7c-${index}`,
    node: `worker-${(index % 3) + 1}`,
  }));

type PortOf = readonly [name: string, port: number];
const service = (
  namespace: string,
  name: string,
  address: string,
  ports: readonly PortOf[],
  ready: number,
  all: number,
  more: Partial<Service> = {},
): Service => ({
  namespace,
  name,
  type: 'ClusterIP',
  addresses: address === '' ? [] : [address],
  headless: address === '',
  externalName: '',
  ports: ports.map(([portName, port]) => ({
    name: portName,
    port,
    protocol: 'TCP',
    targetPort: String(port),
    nodePort: null,
    application: portName === 'http' || portName === 'grpc' ? portName : '',
  })),
  endpoints: endpoints(ready, all, name),
  labels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': namespace },
  createdAt: sampleNow - 41 * day,
  ...more,
});

const stems = [
  'cart',
  'catalog',
  'checkout',
  'invoices',
  'mailer',
  'payments',
  'pricing',
  'reviews',
  'search',
  'stock',
  'users',
];

export const sampleServices: readonly Service[] = [
  service(
    'webshop',
    'orders',
    '10.96.41.7',
    [
      ['http', 80],
      ['grpc', 9090],
    ],
    3,
    3,
  ),
  service('infra', 'orders-db', '', [['postgres', 5432]], 3, 3),
  service('infra', 'orders-events', '10.96.12.200', [['kafka', 9092]], 2, 3),
  service('webshop', 'orders-export', '10.96.77.31', [['http', 8080]], 0, 0),
  service('webshop', 'orders-legacy', '', [], 0, 0, {
    type: 'ExternalName',
    externalName: 'erp.corp.example',
    headless: false,
  }),
  ...stems.flatMap((stem, index) =>
    ['', '-admin', '-cache', '-db'].map((suffix, place) =>
      service(
        place > 1 ? 'infra' : 'webshop',
        `${stem}${suffix}`,
        `10.96.${20 + index}.${40 + place}`,
        [suffix === '-db' ? ['postgres', 5432] : suffix === '-cache' ? ['redis', 6379] : ['http', 80]],
        2,
        2,
      ),
    ),
  ),
];

/** The counters of the last two minutes, oldest first: a quiet line with two bursts. */
export const sampleCounters: readonly Counters[] = Array.from({ length: 120 }, (_, index) => {
  const burst = (second: number, at: number) => 2.2e6 * Math.exp(-(((second - at) / 7) ** 2));
  const down = Array.from(
    { length: index },
    (__, second) => 9e5 + 3e5 * Math.sin(second / 3) + burst(second, 40) + burst(second, 95),
  ).reduce((sum, rate) => sum + rate, 3e8);
  return {
    at: sampleNow - (120 - index) * 1000,
    bytesUp: 3.8e7 + index * 9e4,
    bytesDown: Math.round(down),
    packetsUp: 40_000 + index * 80,
    packetsDown: 310_000 + index * 700,
    flows: 14,
    roundTripMicroseconds: Math.round(18_400 + 2200 * Math.sin(index / 2) + 1800 * Math.cos(index / 5)),
    routes: [
      { prefix: '10.96.0.0/16', bytesUp: 3e7, bytesDown: 3.5e8 },
      { prefix: '10.244.0.0/16', bytesUp: 8e6, bytesDown: 6.2e7 },
    ],
  };
});

export const sampleActivity: readonly ActivityEntry[] = [
  { id: 1, at: sampleNow - 14 * minute, kind: 'core-started', severity: 'info', context: '', facts: {}, problem: null },
  {
    id: 2,
    at: sampleNow - 13 * minute,
    kind: 'connect-asked',
    severity: 'info',
    context: 'test-frankfurt',
    facts: {},
    problem: null,
  },
  {
    id: 3,
    at: sampleNow - 12.6 * minute,
    kind: 'agent-placed',
    severity: 'info',
    context: 'test-frankfurt',
    facts: { namespace: 'webshop', pod: 'slipway-agent-7d9fk' },
    problem: null,
  },
  {
    id: 4,
    at: sampleNow - 12 * minute,
    kind: 'connected',
    severity: 'info',
    context: 'test-frankfurt',
    facts: { path: 'direct' },
    problem: null,
  },
  {
    id: 5,
    at: sampleNow - 3 * minute,
    kind: 'connect-failed',
    severity: 'error',
    context: 'dev-shared',
    facts: {},
    problem: sampleForbidden,
  },
];
