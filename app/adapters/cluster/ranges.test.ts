import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Answer,
  forbidden,
  openTestCluster,
  refusal,
  type Seen,
  startApiServer,
  testdata,
} from '../testing/api-server.ts';
import { closedAfterEach, openScene } from '../testing/scene.ts';
import { validRanges } from './ranges.ts';

const closing = closedAfterEach();

type Routes = Readonly<Record<string, Answer>>;

async function discover(routes: Routes) {
  const { cluster } = await openScene(closing, (seen: Seen) => {
    if (seen.method === 'POST') {
      expect(seen.query.get('dryRun')).toBe('All'); // never a real create
      return routes.dryRun ?? forbidden('create', 'services');
    }
    return routes[seen.path] ?? forbidden('list', seen.path);
  });
  const found = await cluster.discoverRanges();
  return found.ok ? found.value.map((range) => `${range.kind} ${range.prefix} ${range.origin}`) : found.problem.code;
}

const list = (...items: unknown[]): Answer => ({ body: { metadata: {}, items } });
const cidrs = (...prefixes: string[]) => ({ metadata: { name: 'kubernetes' }, spec: { cidrs: prefixes } });
const node = (...prefixes: string[]) => ({ metadata: { name: prefixes[0] }, spec: { podCIDRs: prefixes } });
const pod = (address: string, hostNetwork = false) => ({
  metadata: { name: address },
  spec: { hostNetwork, containers: [] },
  status: { podIPs: [{ ip: address }] },
});
const service = (...addresses: string[]) => ({ metadata: { name: 's' }, spec: { clusterIPs: addresses } });

const v1 = '/apis/networking.k8s.io/v1/servicecidrs';
const v1beta1 = '/apis/networking.k8s.io/v1beta1/servicecidrs';
const nodes = '/api/v1/nodes';
const pods = '/api/v1/pods';
const services = '/api/v1/services';
const notFound: Answer = { status: 404, body: refusal(404, 'NotFound', 'the server could not find it') };

test('takes ServiceCIDRs and node CIDRs of both families', async () => {
  const found = await discover({
    [v1]: list(cidrs('10.96.0.0/16', 'fd00:10:96::/112'), cidrs('10.100.0.0/20')),
    [nodes]: list(node('10.244.0.0/24', 'fd00::/64'), node('10.244.1.0/24')),
    [pods]: list(pod('10.244.0.5'), pod('192.168.1.10', true)),
  });
  expect(found).toEqual([
    'services 10.96.0.0/16 service-cidr',
    'services 10.100.0.0/20 service-cidr',
    'services fd00:10:96::/112 service-cidr',
    'pods 10.244.0.0/23 node-pod-cidr',
    'pods fd00::/64 node-pod-cidr',
  ]);
});

test('knows the older API and the refusal of a dry run', async () => {
  expect(await discover({ [v1]: notFound, [v1beta1]: list(cidrs('10.43.0.0/16')) })).toEqual([
    'services 10.43.0.0/16 service-cidr',
  ]);
  const message =
    'Service "slipway-probe-x" is invalid: spec.clusterIPs: Invalid value: ["192.0.2.1"]: failed to allocate IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.0.0.0/20';
  const answer = { status: 422, body: refusal(422, 'Invalid', message) };
  expect(await discover({ [v1]: notFound, [v1beta1]: notFound, dryRun: answer })).toEqual([
    'services 10.0.0.0/20 api-answer',
  ]);
});

test('reads ranges out of messages, and nothing else', () => {
  expect(validRanges('The range of valid IPs is 10.96.0.0/12')).toEqual(['10.96.0.0/12']);
  expect(validRanges('The range of valid IPs is 10.96.0.0/12, fd00::/108')).toEqual(['10.96.0.0/12', 'fd00::/108']);
  expect(validRanges('the range of valid IPs is 10.96.0.0/12.')).toEqual(['10.96.0.0/12']);
  expect(validRanges('The range of valid IPs is whatever/99')).toEqual([]);
  expect(validRanges('the provided network does not match the current range')).toEqual([]);
});

test('falls back to what can be seen', async () => {
  const found = await discover({
    [services]: list(service('10.43.0.1'), service('10.43.17.9'), service('None'), service()),
    [pods]: list(pod('10.42.0.3'), pod('10.42.3.8'), pod('10.0.0.4', true)),
  });
  expect(found).toEqual(['services 10.43.0.0/19 observed-services', 'pods 10.42.0.0/22 observed-pods']);
  const namespaced = await discover({ '/api/v1/namespaces/home/services': list(service('10.43.0.1')) });
  expect(namespaced).toEqual(['services 10.43.0.0/24 observed-services']);
});

test('a Service that lies in no range that is known is seen all the same', async () => {
  const seen = { [services]: list(service('10.96.0.1'), service('10.98.0.7', 'fd00:98::7'), service('fd00:96::1')) };
  const message = 'the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16';
  const expected = ['services 10.98.0.0/24 observed-services', 'services fd00:98::/112 observed-services'];
  for (const [known, origin] of [
    [{ [v1]: list(cidrs('10.96.0.0/16', 'fd00:96::/112')) }, 'service-cidr'],
    [{ dryRun: { status: 422, body: refusal(422, 'Invalid', message) } }, 'api-answer'],
  ] as const) {
    const found = await discover({ ...seen, ...known });
    expect(found).toContain(`services 10.96.0.0/16 ${origin}`);
    expect(found).toEqual(expect.arrayContaining(expected.slice(0, origin === 'service-cidr' ? 2 : 1)));
  }
});

test('believes the network plugin before the nodes, and pods before both', async () => {
  const found = await discover({
    [v1]: list(cidrs('10.96.0.0/16')),
    [nodes]: list(node('10.244.0.0/24')),
    '/apis/crd.projectcalico.org/v1/ippools': list(
      { metadata: { name: 'one' }, spec: { cidr: '172.20.0.0/16' } },
      { metadata: { name: 'two' }, spec: { cidr: '172.30.0.0/16', disabled: true } },
    ),
    [pods]: list(pod('172.20.3.4'), pod('172.29.1.1')),
  });
  expect(found).toEqual([
    'services 10.96.0.0/16 service-cidr',
    'pods 172.20.0.0/16 calico-pool',
    'pods 172.29.1.0/24 observed-pods',
  ]);
  const cilium = await discover({
    [nodes]: list(node('10.244.0.0/24')),
    '/apis/cilium.io/v2/ciliumnodes': list(
      { metadata: { name: 'n1' }, spec: { ipam: { podCIDRs: ['10.0.1.0/24'] } } },
      { metadata: { name: 'n2' }, spec: {} },
    ),
  });
  expect(cilium).toEqual(['pods 10.0.1.0/24 cilium-node']);
});

test('both families are learnt side by side, and one alone', async () => {
  expect(await discover({ [v1]: list(cidrs('fd00:10:96::/112')), [nodes]: list(node('fd00::/64')) })).toEqual([
    'services fd00:10:96::/112 service-cidr',
    'pods fd00::/64 node-pod-cidr',
  ]);
  expect(
    await discover({
      [v1]: list(cidrs('10.96.0.0/16', 'fd00:10:96::/112')),
      [nodes]: list(node('10.244.0.0/24', 'fd00:10:244::/64'), node('fd00:10:244:1::/64')),
    }),
  ).toEqual([
    'services 10.96.0.0/16 service-cidr',
    'services fd00:10:96::/112 service-cidr',
    'pods 10.244.0.0/24 node-pod-cidr',
    'pods fd00:10:244::/63 node-pod-cidr',
  ]);
});

test('no rights at all and a dead server are two different things', async () => {
  expect(await discover({})).toBe('no-ranges');
  const opened = await openTestCluster('https://127.0.0.1:1');
  closing.push(opened.close);
  expect(await opened.cluster.discoverRanges()).toMatchObject({ ok: false, problem: { code: 'api-unreachable' } });
});

test('credentials that are refused are told as they are everywhere: by certificate, clock or login', async () => {
  const told = async (user: Record<string, unknown>, date = new Date().toUTCString()) => {
    const unauthorized = { status: 401, date, body: refusal(401, 'Unauthorized', 'Unauthorized') };
    const { cluster } = await openScene(closing, () => unauthorized, { user });
    const found = await cluster.discoverRanges();
    return found.ok ? 'found' : found.problem.code;
  };
  const base64 = (name: string) => readFileSync(join(testdata, name)).toString('base64');
  const expired = {
    'client-certificate-data': base64('expired-client.pem'),
    'client-key-data': base64('expired-client-key.pem'),
  };
  expect(await told({ token: 'abc' })).toBe('unauthorized');
  expect(await told(expired)).toBe('certificate-expired');
  expect(await told({ token: 'abc' }, new Date(Date.now() + 3_600_000).toUTCString())).toBe('clock-wrong');
});

test('credentials that ended are made anew before the ranges are given up', async () => {
  const server = await startApiServer(({ headers, path }) =>
    headers.authorization === 'Bearer new'
      ? path === v1
        ? list(cidrs('10.96.0.0/12'))
        : forbidden('list', path)
      : { status: 401, body: refusal(401, 'Unauthorized', 'Unauthorized') },
  );
  closing.push(() => server.close());
  const folder = await mkdtemp(join(tmpdir(), 'slipway-ranges-'));
  closing.push(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'old');
  const opened = await openTestCluster(server.url, { user: { tokenFile } });
  closing.push(opened.close);
  expect(await opened.cluster.discoverRanges()).toMatchObject({ ok: false, problem: { code: 'unauthorized' } });
  await writeFile(tokenFile, 'new');
  expect(await opened.cluster.discoverRanges()).toMatchObject({ ok: true, value: [{ prefix: '10.96.0.0/12' }] });
});
