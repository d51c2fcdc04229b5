import { describe, expect, it } from 'vitest';
import { type Pod, problem } from '../../contract/index.ts';
import { healthyPod } from '../../fakes/believable-pods.ts';
import { context, plugin } from '../../fakes/kubeconfig.ts';
import { service } from '../../fakes/service.ts';
import { targetOf } from '../diagnostics/explain.ts';
import { similarNames } from '../naming/similar-names.ts';
import { CoreHarness } from './core-harness.ts';

async function explained(harness: CoreHarness, target: string, context = '') {
  const answer = await harness.call('explain', { target, context });
  if (!answer.ok) {
    throw new Error(`${answer.problem.code}: ${answer.problem.cause}`);
  }
  const { steps, verdict, similar } = answer.value;
  return {
    verdict,
    similar,
    steps,
    way: steps.map(({ step, state }) => `${step} ${state}`),
    text: steps.map(({ answer: found }) => found).join('\n'),
  };
}

const whole = ['address good', 'route good', 'interface good', 'tunnel good', 'endpoint good', 'connection good'];

describe('explaining a packet while the connection is on', () => {
  it.each([
    'orders.webshop.svc.cluster.local',
    'orders.webshop',
    'orders.webshop.svc:80',
    'http://orders.webshop/path',
  ])('goes the whole way to the Service %s', async (target) => {
    const harness = new CoreHarness();
    const { interface: tun } = await harness.connect();
    const { way, text, verdict } = await explained(harness, target);
    expect(way[0]).toBe('name good');
    expect(way.filter((one) => one === 'resolver good').length).toBeGreaterThan(0);
    expect(way.filter((one) => !/^(name|resolver|http)/.test(one))).toEqual(whole);
    expect(text).toContain('webshop/orders');
    expect(text).toContain('10.96.41.7');
    expect(text).toContain(tun);
    expect(text).toContain('this computer: 10.96.41.7');
    expect(text).toContain('through the API server, ');
    expect(verdict).toMatchObject({ result: 'reached', problem: null });
  });

  it('says of an address which Service or pod it is', async () => {
    const harness = new CoreHarness();
    await harness.connect();
    const { way, text, verdict } = await explained(harness, '10.96.41.7:80');
    expect(way.filter((one) => !one.startsWith('http'))).toEqual(whole);
    expect(text).toContain('10.96.41.7 is the Service webshop/orders');
    expect(verdict.result).toBe('reached');
    const [pod = ''] =
      harness.world.cluster.services.find(({ name }) => name === 'orders')?.endpoints.map(({ address }) => address) ??
      [];
    const toPod = await explained(harness, pod);
    expect(toPod.text).toMatch(/is the pod .+ an endpoint of webshop\/orders/);
    expect(toPod.way.at(-1)).toBe('connection not-checked');
    expect(toPod.verdict.result).toBe('leads');
  });

  it.each([
    ['a part that the laptop needs', [{ prefix: '10.96.41.0/24', interface: 'lan0' }], '198.19.0.7'],
    ['all of the range', [{ prefix: '10.96.0.0/16', interface: 'lan0' }], '198.19.41.7'],
  ])('goes by the other address where a mapped range is %s', async (_, networks, virtual) => {
    const harness = new CoreHarness(({ host }) => {
      host.networks = [...host.networks, ...networks];
    });
    await harness.connect();
    const byName = await explained(harness, 'orders.webshop');
    expect(byName.verdict).toMatchObject({ result: 'reached', problem: null });
    expect(byName.text).toContain(`${virtual} stands for 10.96.41.7`);
    const byVirtual = await explained(harness, `${virtual}:80`);
    expect(byVirtual.verdict.result).toBe('reached');
    expect(byVirtual.text).toContain('10.96.41.7 is the Service webshop/orders');
    const byReal = await explained(harness, '10.96.41.7:80');
    expect(byReal.verdict).toMatchObject({ result: 'stopped', problem: { code: 'address-mapped' } });
    expect(byReal.text).toContain(virtual);
    expect((await explained(harness, '10.96.41.99:80')).verdict.result).toBe('outside'); // the laptop's own network
  });

  it.each(['[fd02:10:96::7]:80', '[FD02:0010:0096:0:0:0:0:0007]:80', 'http://[fd02:10:96:0::7]/'])(
    'knows the Service at %s, however its address of IPv6 is written',
    async (target) => {
      const harness = new CoreHarness(({ cluster }) => {
        cluster.ranges = [...cluster.ranges, { prefix: 'fd02:10:96::/112', kind: 'services', origin: 'service-cidr' }];
        cluster.services = [...cluster.services, service('webshop', 'six', 'fd02:10:96::7', ['fd01:10:244::7'])];
      });
      await harness.connect();
      const { text, verdict } = await explained(harness, target);
      expect(text).toContain('fd02:10:96::7 is the Service webshop/six');
      expect(text).toContain('[fd02:10:96::7]:80');
      expect(verdict.result).toBe('reached');
      expect(verdict.answer).toContain('[fd02:10:96::7]:80');
    },
  );

  it.each<[string, Partial<Pod> | null, boolean, string]>([
    [
      'one that is well',
      {},
      true,
      '10.244.0.99 is the pod webshop/job-1 on worker-1 (Running), an endpoint of no Service',
    ],
    ['one in trouble', { status: 'CrashLoopBackOff', health: 'failing' }, true, 'worker-1 (CrashLoopBackOff)'],
    ['one that is on no node yet', { node: '' }, true, 'webshop/job-1 on –'],
    [
      'what has ended',
      { status: 'Completed', health: 'done' },
      true,
      '10.244.0.99 belongs to no Service, endpoint or pod',
    ],
    ['what is on the network of its node', { hostNetwork: true }, true, 'belongs to no Service, endpoint or pod'],
    ['none', null, true, '10.244.0.99 belongs to no Service, endpoint or pod'],
    ['what may not be listed', null, false, '10.244.0.99 belongs to no Service or endpoint in the list'],
  ])('names the pod behind no Service: %s', async (_, change, mayList, said) => {
    for (const isOn of [true, false]) {
      const harness = new CoreHarness(({ cluster }) => {
        if (change !== null) {
          cluster.pods = [...cluster.pods, { ...healthyPod('webshop', 'job-1', '10.244.0.99'), ...change }];
        }
        cluster.podProblems = mayList ? [] : [problem('forbidden', 'no', { verb: 'list', resource: 'pods' })];
      });
      if (isOn) {
        await harness.connect();
      }
      const { text, way } = await explained(harness, '10.244.0.99', 'production');
      expect(text).toContain(said);
      expect(way.slice(0, 2)).toEqual(['address good', 'route good']);
      await explained(harness, '10.96.41.7:80', 'production');
      await explained(harness, '192.0.2.7', 'production');
      expect(harness.world.cluster.podLists).toBe(1);
    }
  });

  it.each(['192.0.2.7', '192.0.2.7:443', 'fd00::1', '[fd00::1]:443'])('leaves %s to this computer', async (target) => {
    const harness = new CoreHarness();
    await harness.connect();
    const { verdict, way } = await explained(harness, target);
    expect(verdict).toMatchObject({ result: 'outside', problem: null });
    expect(way).toEqual(['address good', 'route not-checked']);
  });

  it.each([
    ['oders.webshop', 'orders.webshop'],
    ['ordres.webshop.svc', 'orders.webshop'],
    ['orders.default', 'orders.webshop'],
  ])('asks for %s whether %s was meant', async (target, meant) => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.namespaces = [...new Set([...cluster.namespaces, 'default'])];
    });
    await harness.connect();
    const { verdict, similar } = await explained(harness, target);
    expect(verdict).toMatchObject({ result: 'stopped', problem: { code: 'name-unknown' } });
    expect(similar).toContain(meant);
    expect(verdict.answer).toContain(meant);
  });

  it('stops at what stops the packet, and says what to do', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      cluster.services = [
        service('webshop', 'orders', '10.96.41.7', ['10.244.1.7']),
        service('webshop', 'away', '10.99.1.1', []),
      ];
    });
    harness.world.cluster.refusals.set('10.96.41.7:80', problem('connection-refused', 'ECONNREFUSED'));
    await harness.connect();
    const refused = await explained(harness, 'orders.webshop:80');
    expect(refused.verdict).toMatchObject({ result: 'stopped', problem: { code: 'connection-refused' } });
    expect(refused.verdict.problem?.fixes.length).toBeGreaterThan(0);
    harness.world.resolverProbe.elsewhere.set('orders.webshop', ['192.0.2.7']);
    const elsewhere = await explained(harness, 'orders.webshop:80');
    expect(elsewhere.verdict).toMatchObject({ result: 'stopped', problem: { code: 'name-elsewhere' } });
    expect(elsewhere.way).not.toContain('route good');
  });
});

describe('explaining a packet while the connection is off', () => {
  it('says what would happen, and changes nothing', async () => {
    const harness = new CoreHarness();
    const { way, verdict, text } = await explained(harness, 'orders.webshop:80', 'production');
    expect(way[0]).toBe('name good');
    expect(way.slice(-3)).toEqual(['address good', 'route good', 'endpoint good']);
    expect(text).toContain('10.96.41.7');
    expect(verdict).toMatchObject({ result: 'off', problem: null });
    expect(verdict.answer).toContain('production');
    harness.expectNothingLeft();
    expect((await explained(harness, 'oders.webshop', 'production')).similar).toEqual(['orders.webshop']);
    expect((await explained(harness, '192.0.2.7', 'production')).verdict.result).toBe('outside');
  });

  it('logs in once for all that it asks', async () => {
    const harness = new CoreHarness(({ kubeconfig, cluster }) => {
      kubeconfig.contexts = [context('production', cluster.server, { execPlugin: plugin('cloud-login') })];
    });
    const asked = { target: '10.244.0.99', context: 'production', trustExec: true };
    expect(await harness.call('explain', asked)).toMatchObject({ ok: true });
    expect(harness.world.kubeconfig.pluginsRun).toHaveLength(1);
  });

  it('tells a Service that nothing is ready behind', async () => {
    const harness = new CoreHarness(({ cluster }) => {
      const [orders] = [service('webshop', 'orders', '10.96.41.7', ['10.244.1.7'])];
      cluster.services = [{ ...orders, endpoints: orders.endpoints.map((one) => ({ ...one, ready: false })) }];
    });
    const { verdict } = await explained(harness, 'orders.webshop', 'production');
    expect(verdict).toMatchObject({ result: 'stopped', problem: { code: 'endpoints-missing' } });
  });
});

it.each([
  ['orders', 'orders', 0],
  ['Orders.Webshop.', 'orders.webshop', 0],
  ['orders:8080', 'orders', 8080],
  ['10.0.0.1:53', '10.0.0.1', 53],
  ['fd00::1', 'fd00::1', 0],
  ['[fd00::1]:80', 'fd00::1', 80],
  ['FD00:0:0:0:0:0:0:1', 'fd00::1', 0],
  ['[fd00:0010::0001]:80', 'fd00:10::1', 80],
  ['https://orders.webshop/x?y', 'orders.webshop', 443],
  ['http://user:word@orders:8080/', 'orders', 8080],
])('%s is read as %s and %i', (text, host, port) => {
  expect(targetOf(text)).toEqual({ ok: true, value: { host, port } });
});

it.each([
  '',
  'a b',
  'orders:0',
  'orders:70000',
  'orders:x',
  '-x',
  'a..b',
  '10.0.0.0/8',
  'ftp://x',
  '$(id)',
  'a'.repeat(300),
])('%s is refused', (text) => {
  expect(targetOf(text)).toMatchObject({ ok: false, problem: { code: 'usage' } });
});

it('similar names are near, and the nearest first', () => {
  const known = ['orders', 'orders-db', 'border', 'payments'];
  expect(similarNames('oders', known)).toEqual(['orders']);
  expect(similarNames('order', known)[0]).toBe('orders');
  expect(similarNames('ordres', known)).toEqual(['orders']);
  expect(similarNames('zzz', known)).toEqual([]);
});

describe('explaining a name of a domain that only the cluster knows', () => {
  const offering = () =>
    new CoreHarness(({ cluster }) => {
      cluster.stubDomains = ['corp.example'];
    });

  it.each([
    ['corp.example', 'corp.example'],
    ['db.corp.example:5432', 'db.corp.example'],
    ['http://git.dev.corp.example', 'git.dev.corp.example'],
  ])('offers to ask the cluster for %s', async (target, host) => {
    const harness = offering();
    harness.world.resolverProbe.elsewhere.set(host, []);
    await harness.connect();
    await harness.clock.advance(100);
    const { verdict, way } = await explained(harness, target);
    expect(way).toEqual(['name bad']);
    expect(verdict).toMatchObject({ result: 'stopped', problem: { code: 'domain-offered' } });
    expect(verdict.problem?.fixes.at(-1)?.text).toBe(
      'slipway settings add extraDomains corp.example --context production',
    );
  });

  it('leaves a name to this computer that it knows, or that only looks alike', async () => {
    const harness = offering();
    harness.world.resolverProbe.elsewhere.set('www.corp.example', ['192.0.2.7']);
    await harness.connect();
    await harness.clock.advance(100);
    for (const target of ['www.corp.example', 'mycorp.example']) {
      expect((await explained(harness, target)).verdict.problem?.code).not.toBe('domain-offered');
    }
  });
});
