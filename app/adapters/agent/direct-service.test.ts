import { describe, expect, test, vi } from 'vitest';
import { noAgentPodChoices } from '../../contract/index.ts';
import type { AgentPlaced, ClusterPort } from '../../core/ports.ts';
import { type AgentNamespaceOptions, openAgentNamespace } from '../testing/agent-namespace.ts';
import { type Answer, forbidden, refusal, type Seen } from '../testing/api-server.ts';
import { closedAfterEach } from '../testing/scene.ts';
import type { AgentRecords } from './records.ts';

// Each starts an API server and places an agent; the first one loads all that for the others.
vi.setConfig({ testTimeout: 60_000 });

const closing = closedAfterEach();
const never = new AbortController().signal;
const spec = { namespace: 'team', image: 'agent:1', baseImage: '', pod: noAgentPodChoices };

async function place(cluster: ClusterPort): Promise<AgentPlaced> {
  const placed = await cluster.placeAgent(spec, () => {}, never);
  return placed.ok ? placed.value : expect.fail(placed.problem.cause);
}

async function open(options: AgentNamespaceOptions = {}) {
  const scene = await openAgentNamespace(closing, options);
  const cluster = await scene.connect();
  const placed = await place(cluster);
  const ofServices = () => scene.server.requests.filter(({ path }) => path.includes('/services'));
  return { ...scene, cluster, placed, job: placed.target.pod.replace('-abcde', ''), ofServices };
}

const ofPod = [
  { kind: 'pod', host: '10.244.0.7', port: 8724 },
  { kind: 'pod', host: 'fd00::7', port: 8724 },
];
const ofNode = { kind: 'node', host: '10.1.2.3', port: 31_820 };

test('without the user’s word no request about Services is made, from the first to the last', async () => {
  const { cluster, placed, ofServices } = await open();
  expect(await cluster.offerDirect(placed, false)).toEqual({
    ok: true,
    value: { candidates: ofPod, problems: [], nodeUnread: false },
  });
  await cluster.deleteAgent(placed);
  expect(ofServices()).toEqual([]);
});

test('with it there is one Service, of exactly the agent’s pod and owned by it', async () => {
  const nodeAddresses = [
    { type: 'InternalIP', address: '10.1.2.3' },
    { type: 'ExternalIP', address: '198.51.100.7' },
    { type: 'ExternalIP', address: 'node.example.org' },
    { type: 'Hostname', address: 'n1' },
  ];
  const { cluster, placed, services, job, requests } = await open({ nodeAddresses });
  const offered = await cluster.offerDirect(placed, true);
  expect(offered).toEqual({
    ok: true,
    value: {
      candidates: [...ofPod, ofNode, { kind: 'node', host: '198.51.100.7', port: 31_820 }],
      problems: [],
      nodeUnread: false,
    },
  });
  expect([...services.values()]).toMatchObject([
    {
      metadata: {
        name: job,
        namespace: 'team',
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: placed.target.pod, uid: `pod-of-${job}` }],
      },
      spec: { type: 'NodePort', externalTrafficPolicy: 'Local', selector: { 'controller-uid': 'uid-1' } },
    },
  ]);
  expect(services.get(job)?.metadata?.ownerReferences?.[0]).not.toHaveProperty('blockOwnerDeletion');
  const asked = requests('POST').length;
  expect(await cluster.offerDirect(placed, true)).toEqual(offered);
  expect(requests('POST').length).toBe(asked);
});

describe('it goes', () => {
  test.each<[string, (cluster: ClusterPort, placed: AgentPlaced) => Promise<unknown>]>([
    ['with the agent', (cluster, placed) => cluster.deleteAgent(placed)],
    ['when it is no longer wanted', (cluster, placed) => cluster.offerDirect(placed, false)],
  ])('%s', async (_, end) => {
    const { cluster, placed, services } = await open();
    await cluster.offerDirect(placed, true);
    expect(services.size).toBe(1);
    expect(await end(cluster, placed)).toMatchObject({ ok: true });
    expect(services.size).toBe(0);
  });

  test('with the next core, after a crash of the one that made it, where that one does not want it', async () => {
    const { cluster, placed, services, connect } = await open();
    await cluster.offerDirect(placed, true);
    cluster.close();
    const next = await connect();
    expect(await place(next)).toEqual(placed);
    expect(await next.offerDirect(placed, true)).toMatchObject({ ok: true, value: { problems: [] } });
    expect(services.size).toBe(1);
    await next.offerDirect(placed, false);
    expect(services.size).toBe(0);
  });
});

test('one that belonged to an agent before makes way, and one of somebody else stays', async () => {
  const { cluster, placed, services, job } = await open();
  await cluster.offerDirect(placed, true);
  const mine = services.get(job);
  const ofEarlier = { ...mine?.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'gone' }] };
  services.set(job, { ...mine, metadata: ofEarlier });
  expect(await cluster.offerDirect(placed, true)).toMatchObject({ ok: true, value: { problems: [] } });
  expect(services.get(job)?.metadata?.ownerReferences?.[0]?.uid).toBe(`pod-of-${job}`);

  services.set(job, { ...mine, metadata: { ...ofEarlier, labels: {} } });
  expect(await cluster.offerDirect(placed, true)).toMatchObject({
    ok: true,
    value: { candidates: ofPod, problems: [{ code: 'direct-service-refused' }] },
  });
  await cluster.deleteAgent(placed);
  expect(services.size).toBe(1);
});

const quota = 'services "x" is forbidden: exceeded quota: ports, requested: services.nodeports=1, used: 0, limited: 0';
const webhook = 'admission webhook "no-node-ports.example.org" denied the request: use an Ingress';
const portLess = 'the Service got no port on the nodes that can be used';
const portless = { metadata: { name: 'x' }, spec: { type: 'ClusterIP', ports: [{ port: 8724 }] } };
/** What admission makes of the Service; by default what was asked for. */
function admitted({ body }: Seen, change: { spec?: object; metadata?: object }, port: unknown = 31_820): Answer {
  const { metadata, spec } = JSON.parse(body);
  const ports = [{ ...spec.ports[0], nodePort: port }];
  const made = { metadata: { ...metadata, uid: 'made', ...change.metadata }, spec: { ...spec, ports, ...change.spec } };
  return { status: 201, body: made };
}

test.each<[string, (seen: Seen) => Answer, object]>([
  [
    'a missing right',
    () => forbidden('create', 'services'),
    { code: 'forbidden', facts: { verb: 'create', resource: 'services' } },
  ],
  [
    'a quota',
    () => ({ status: 403, body: refusal(403, 'Forbidden', quota) }),
    { code: 'direct-service-refused', cause: quota },
  ],
  [
    'a webhook',
    () => ({ status: 400, body: refusal(400, 'Bad', webhook) }),
    { code: 'direct-service-refused', cause: webhook },
  ],
  [
    'a port range that is full',
    () => ({ status: 422, body: refusal(422, 'Invalid', 'range is full') }),
    { code: 'direct-service-refused', cause: 'range is full' },
  ],
  ['no port on the nodes', () => ({ status: 201, body: portless }), { code: 'direct-service-refused' }],
  ['a well-known port', (seen) => admitted(seen, {}, 22), { code: 'direct-service-refused', cause: portLess }],
  ['a port that is none', (seen) => admitted(seen, {}, 31_820.5), { code: 'direct-service-refused', cause: portLess }],
  ['a port in words', (seen) => admitted(seen, {}, '31820'), { code: 'direct-service-refused', cause: portLess }],
])('%s is told, and the pod’s addresses are offered all the same', async (_, answer, told) => {
  const { cluster, placed } = await open({
    beforeService: (seen) => (seen.method === 'POST' ? answer(seen) : undefined),
  });
  expect(await cluster.offerDirect(placed, true)).toMatchObject({
    ok: true,
    value: { candidates: ofPod, problems: [told] },
  });
});

describe('a Service that admission made otherwise is deleted at once, said, and not made again', () => {
  const otherwise: [string, Parameters<typeof admitted>[1]][] = [
    ['of another type', { spec: { type: 'LoadBalancer' } }],
    ['for other pods', { spec: { selector: { app: 'postgres' } } }],
    ['on every node', { spec: { externalTrafficPolicy: 'Cluster' } }],
    ['at addresses of others', { spec: { externalIPs: ['192.0.2.9'] } }],
    ['with another port', { spec: { ports: [{ port: 22, targetPort: 22, nodePort: 31_820 }] } }],
    ['that nobody owns', { metadata: { ownerReferences: [] } }],
    ['without our labels', { metadata: { labels: {} } }],
  ];
  test.each(otherwise)('%s', async (_, change) => {
    const { cluster, placed, requests } = await open({
      beforeService: (seen) => (seen.method === 'POST' ? admitted(seen, change) : undefined),
    });
    const ofServices = (method: string) => requests(method).filter(({ path }) => path.includes('/services'));
    const told = {
      candidates: ofPod,
      problems: [{ code: 'direct-service-refused', cause: expect.stringContaining('changed the Service') }],
    };
    expect(await cluster.offerDirect(placed, true)).toMatchObject({ ok: true, value: told });
    expect(ofServices('DELETE').map(({ body }) => JSON.parse(body).preconditions)).toEqual([{ uid: 'made' }]);
    expect(await cluster.offerDirect(placed, true)).toMatchObject({ ok: true, value: told });
    expect(ofServices('POST')).toHaveLength(1);
    await cluster.offerDirect(placed, false);
    await cluster.offerDirect(placed, true);
    expect(ofServices('POST'), 'after the user’s word anew').toHaveLength(2);
  });
});

test('one that may not be deleted is said, and the pod’s addresses are offered all the same', async () => {
  let mayDelete = false;
  const { cluster, placed, services } = await open({
    beforeService: ({ method }) => (method === 'DELETE' && !mayDelete ? forbidden('delete', 'services') : undefined),
  });
  await cluster.offerDirect(placed, true);
  expect(await cluster.offerDirect(placed, false)).toMatchObject({
    ok: true,
    value: { candidates: ofPod, problems: [{ code: 'forbidden', facts: { verb: 'delete', resource: 'services' } }] },
  });
  mayDelete = true;
  expect(await cluster.offerDirect(placed, false)).toMatchObject({ ok: true, value: { problems: [] } });
  expect(services.size).toBe(0);
});

test.each<[string, Partial<AgentRecords>]>([
  ['the agent', { all: async () => [] }],
  ['the Service', { keep: async () => {} }], // as on a full disk
])('none is made where %s could not be noted', async (_, broken) => {
  const { connect, placed, ofServices } = await open();
  const next = await connect('test', (records) => ({ ...records, ...broken }));
  expect(await next.offerDirect(placed, true)).toMatchObject({
    ok: true,
    value: { candidates: ofPod, problems: [{ code: 'file-unwritable' }] },
  });
  expect(ofServices().filter(({ method }) => method !== 'GET')).toEqual([]);
});

test('the agents that are found name the Service of each, and no other of its name', async () => {
  const { cluster, placed, services, job } = await open();
  await cluster.offerDirect(placed, true);
  expect(await cluster.findAgents('team')).toMatchObject({
    ok: true,
    value: { ours: [`team/${job}`, `team/${job} (Service)`] },
  });
  const mine = services.get(job);
  services.set(job, { ...mine, metadata: { ...mine?.metadata, labels: {} } });
  expect(await cluster.findAgents('team')).toMatchObject({ ok: true, value: { ours: [`team/${job}`] } });
});

test('the Role for it names the agent’s own Service where RBAC can', async () => {
  const { cluster, placed, job } = await open({ beforeService: () => forbidden('get', 'services') });
  const offered = await cluster.offerDirect(placed, true);
  const role = offered.ok ? offered.value.problems[0]?.fixes.find(({ kind }) => kind === 'copy')?.text : '';
  expect(role).toContain('name: slipway-direct-path');
  expect(role).toContain(`- ${job}`);
});

test('a node that may not be read is said, and what the pod says of it is offered', async () => {
  const { cluster, placed, server } = await open();
  const offered = { candidates: [...ofPod, ofNode], problems: [], nodeUnread: true };
  expect(await cluster.offerDirect(placed, true)).toEqual({ ok: true, value: offered });
  expect(await cluster.offerDirect(placed, true)).toEqual({ ok: true, value: offered });
  expect(server.requests.filter(({ path }) => path.includes('/nodes/')).length).toBe(1);
});

test('a node that could not be read once is not called forbidden, and is asked for again', async () => {
  let isBroken = true;
  const nodeAddresses = () =>
    isBroken
      ? { status: 500, body: refusal(500, 'InternalError', 'etcd is away') }
      : { body: { status: { addresses: [{ type: 'ExternalIP', address: '198.51.100.7' }] } } };
  const { cluster, placed } = await open({ beforeNode: nodeAddresses });
  expect(await cluster.offerDirect(placed, true)).toEqual({
    ok: true,
    value: { candidates: [...ofPod, ofNode], problems: [], nodeUnread: false },
  });
  isBroken = false;
  const further = { kind: 'node', host: '198.51.100.7', port: 31_820 };
  expect(await cluster.offerDirect(placed, true)).toMatchObject({
    ok: true,
    value: { candidates: [...ofPod, ofNode, further] },
  });
});

test('where the API server does not answer, nothing is concluded', async () => {
  const { cluster, placed, server } = await open();
  await server.close();
  expect(await cluster.offerDirect(placed, true)).toMatchObject({ ok: false, problem: { code: 'api-unreachable' } });
});
