import { describe, expect, it } from 'vitest';
import { type Pod, problem, type Service } from '../../contract/index.ts';
import { service } from '../../fakes/service.ts';
import { CoreHarness } from './core-harness.ts';
import { tested } from './service-harness.ts';

describe('the test of a Service', () => {
  const refusal = (code: 'connection-refused' | 'connection-silent') => problem(code, 'as the kernel said it');
  const usual = { local: false, sticky: false, selects: true, unready: false };
  const made = service('webshop', 'orders', '10.96.41.7', ['10.244.0.5', '10.244.1.6']);
  const udp = { name: 'dns', port: 80, protocol: 'UDP', targetPort: '53', nodePort: null, application: '' };

  it.each<[string, Service, ReturnType<typeof problem> | null, string, string]>([
    [
      'a port that it has not',
      { ...made, ports: made.ports.map((port) => ({ ...port, port: 8080 })) },
      null,
      'endpoint',
      'orders has no port 80; it has 8080. Did you mean 8080?',
    ],
    [
      'ports of UDP only, another asked',
      { ...made, ports: [{ ...udp, port: 53 }] },
      null,
      'endpoint',
      'orders has no port 80; it has 53/UDP',
    ],
    [
      'a port of UDP only',
      { ...made, ports: [udp] },
      null,
      'connection',
      'the port is not TCP, and nothing else can be dialled to see whether it answers',
    ],
    [
      'no selector',
      { ...made, endpoints: [], traffic: { ...usual, selects: false } },
      null,
      'endpoint',
      'the Service has no selector, and nobody gave it endpoints (EndpointSlices)',
    ],
    [
      'a named targetPort that no container has',
      {
        ...made,
        ports: made.ports.map((port) => ({ ...port, targetPort: 'web' })),
        traffic: { ...usual, lacking: [80] },
      },
      null,
      'endpoint',
      'port 80 leads to the targetPort web, a name that no container port of its pods has; so nothing is behind it',
    ],
    [
      'a port that hand-made slices do not have',
      { ...made, traffic: { ...usual, selects: false, lacking: [80] } },
      null,
      'endpoint',
      'none of its endpoints has the port 80 (http); so nothing is behind it',
    ],
    [
      'a lacking port that is not the asked one',
      { ...made, traffic: { ...usual, lacking: [9090] } },
      null,
      'endpoint',
      '2 of 2 ready',
    ],
    [
      'internalTrafficPolicy Local',
      { ...made, traffic: { ...usual, local: true } },
      refusal('connection-silent'),
      'connection',
      "internalTrafficPolicy is Local: only endpoints on the agent's node are reached, and the ready ones are on node-0, node-1",
    ],
    [
      'endpoints outside',
      { ...made, endpoints: made.endpoints.map((one) => ({ ...one, pod: '' })) },
      refusal('connection-silent'),
      'connection',
      "its endpoints are not pods (10.244.0.5, 10.244.1.6): they must answer the agent's pod, which they do not",
    ],
    [
      'a targetPort without a listener',
      made,
      refusal('connection-refused'),
      'connection',
      'the pod refused: nothing in it listens on the targetPort 8080',
    ],
    [
      'pods that are published before they are ready',
      { ...made, traffic: { ...usual, unready: true } },
      refusal('connection-refused'),
      'connection',
      'the Service publishes pods that are not ready (publishNotReadyAddresses), and one of them refused',
    ],
    ['silence that nothing explains', made, refusal('connection-silent'), 'connection', 'as the kernel said it'],
    [
      'sessionAffinity',
      { ...made, traffic: { ...usual, sticky: true } },
      null,
      'endpoint',
      '2 of 2 ready; sessionAffinity sends all of your connections to the same one',
    ],
  ])('tells what stops it: %s', async (_, listed, refused, step, answer) => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.services = [listed];
      if (refused !== null) {
        cluster.refusals.set('10.96.41.7:80', refused);
      }
    });
    await harness.connect();
    expect((await tested(harness))[step]?.answer).toBe(answer);
  });

  /** The pods behind the Service, each changed. */
  const withPods = (change: Partial<Pod>, known = true) =>
    new CoreHarness(({ cluster }) => {
      cluster.pods = known ? cluster.pods.map((pod) => ({ ...pod, ...change })) : [];
    });

  it.each([
    ['connection-refused', 'nothing there listens on 8080 for others than the node itself'],
    ['connection-silent', 'most likely a firewall of the nodes or a security group lets no pods in'],
  ] as const)('tells pods that share the network of their nodes: %s', async (code, words) => {
    const harness = withPods({ hostNetwork: true, addresses: ['192.168.7.4'] });
    harness.world.cluster.refusals.set('10.96.41.7:80', refusal(code));
    await harness.connect();
    const { connection } = await tested(harness);
    expect(connection).toMatchObject({ state: 'bad', problem: { code } });
    expect(connection?.answer).toContain('hostNetwork');
    expect(connection?.answer).toContain('192.168.7.4');
    expect(connection?.answer).toContain(words);
  });

  it.each([
    ['read ECONNRESET', 'Istio', 'mesh-refuses', 'its pods are in the mesh Istio'],
    ['EOF', 'Linkerd', 'mesh-refuses', 'its pods are in the mesh Linkerd'],
    ['read ECONNRESET', undefined, 'connection-failed', 'mTLS (STRICT)'],
    ['Parse Error: Expected HTTP/', 'Istio', 'connection-failed', 'Parse Error'],
  ])('tells what a request that ended with "%s" means of pods of the mesh %s', async (ended, mesh, code, words) => {
    const harness = withPods(mesh === undefined ? {} : { mesh });
    harness.world.faults.plan('http', problem('connection-failed', ended));
    await harness.connect();
    const { http } = await tested(harness);
    expect(http).toMatchObject({ state: 'bad', problem: { code } });
    expect(http?.answer).toContain(words);
  });

  it('tells that pods behind a headless Service listen on a port of their own', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.services = [{ ...service('webshop', 'orders', '', ['10.244.0.12']), headless: true, addresses: [] }];
      cluster.refusals.set('10.244.0.12:80', refusal('connection-refused'));
    });
    await harness.connect();
    expect((await tested(harness)).connection?.answer).toBe(
      'a headless Service leads to the pods themselves, which listen on 8080, not on 80',
    );
  });

  it('tells a connection that was accepted and then reset, as a mesh does, where pods may not be read', async () => {
    const harness = withPods({}, false);
    harness.world.faults.plan('http', problem('connection-failed', 'read ECONNRESET'));
    await harness.connect();
    const { http } = await tested(harness);
    expect(http).toMatchObject({ state: 'bad', problem: { code: 'connection-failed' } });
    expect(http?.answer).toContain('mTLS (STRICT)');
  });
});
