import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { noAgentPodChoices } from '../../contract/index.ts';
import {
  type Answer,
  type ApiServer,
  openTestCluster,
  refusal,
  type Seen,
  startApiServer,
  type TestCluster,
  testdata,
} from '../testing/api-server.ts';
import { closedAfterEach } from '../testing/scene.ts';

const closing = closedAfterEach();

const version: Answer = { body: { major: '1', minor: '34', gitVersion: 'v1.34.4' } };

async function serve(route: (seen: Seen) => Answer | undefined = () => version, certificate = 'server') {
  const server = await startApiServer(route, certificate);
  closing.push(() => server.close());
  return server;
}

async function open(server: ApiServer | string, options: TestCluster = {}) {
  const opened = await openTestCluster(typeof server === 'string' ? server : server.url, options);
  closing.push(opened.close);
  return opened.cluster;
}

const pem = (name: string) => readFileSync(join(testdata, name), 'utf8');
const base64 = (name: string) => Buffer.from(pem(name)).toString('base64');
const certificateOf = (name: string) => ({
  'client-certificate-data': base64(`${name}.pem`),
  'client-key-data': base64(`${name}-key.pem`),
});

describe('reach', () => {
  test('tells the version and sends the token', async () => {
    const server = await serve();
    const cluster = await open(server);
    const reached = await cluster.reach();
    expect(reached).toMatchObject({ ok: true, value: { version: 'v1.34.4' } });
    expect(server.requests[0]?.headers.authorization).toBe('Bearer abc');
  });

  test('uses connections again for requests that follow each other', async () => {
    const ports = new Set<number>();
    const server = await serve(() => (response) => {
      ports.add(response.socket?.remotePort ?? 0);
      response.end(JSON.stringify({ gitVersion: 'v1.34.4' }));
    });
    const cluster = await open(server);
    for (let turn = 0; turn < 8; turn += 1) {
      await cluster.reach();
    }
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  test('sends client certificates and basic authentication', async () => {
    const server = await serve();
    await (await open(server, { user: certificateOf('client') })).reach();
    await (await open(server, { user: { username: 'jane', password: 'p:w' } })).reach();
    expect(server.requests[0]?.clientName).toBe('client');
    expect(server.requests[1]?.headers.authorization).toBe(`Basic ${Buffer.from('jane:p:w').toString('base64')}`);
  });

  test('sends every act-as field, groups as headers of their own', async () => {
    const server = await serve();
    const user = {
      token: 'abc',
      as: 'jane',
      'as-uid': '7',
      'as-groups': ['devs', 'a, b'],
      'as-user-extra': { 'example.org/Scope': ['one', 'two'] },
    };
    await (await open(server, { user })).reach();
    const raw = server.requests[0]?.rawHeaders ?? [];
    const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), raw[index + 1]]] : []));
    expect(pairs).toEqual(
      expect.arrayContaining([
        ['impersonate-user', 'jane'],
        ['impersonate-uid', '7'],
        ['impersonate-group', 'devs'],
        ['impersonate-group', 'a, b'],
        ['impersonate-extra-example.org%2fscope', 'one'],
        ['impersonate-extra-example.org%2fscope', 'two'],
      ]),
    );
  });

  test('checks the name that tls-server-name gives', async () => {
    const server = await serve();
    const good = await open(server, { cluster: { 'tls-server-name': 'api.example.test' } });
    const bad = await open(server, { cluster: { 'tls-server-name': 'other.example.test' } });
    expect((await good.reach()).ok).toBe(true);
    expect(await bad.reach()).toMatchObject({ ok: false, problem: { code: 'certificate-name' } });
  });

  test.each([
    ['of this address', 'ipv6-server', 'ipv6-server.pem', true],
    ['of another', 'server', 'authority.pem', false],
  ])('checks the certificate of a server at an address of IPv6: one %s', async (_, certificate, authority, isIts) => {
    const server = await startApiServer(() => version, certificate, '::1');
    closing.push(() => server.close());
    const cluster = await open(server, { cluster: { 'certificate-authority-data': base64(authority) } });
    const reached = await cluster.reach();
    expect(reached.ok ? 'reached' : reached.problem.code).toBe(isIts ? 'reached' : 'certificate-name');
  });

  test('goes through proxy-url, and protects its address', async () => {
    const server = await serve();
    const { proxy, asked } = await startProxy();
    const cluster = await open(server, { cluster: { 'proxy-url': proxy } });
    expect((await cluster.reach()).ok).toBe(true);
    expect(asked).toEqual([`CONNECT ${new URL(server.url).host}`]);
    expect(await cluster.protectedAddresses()).toEqual(['127.0.0.1']);
  });

  test('says what is wrong with the certificate or the way', async () => {
    const code = async (server: ApiServer | string, options: TestCluster = {}) => {
      const reached = await (await open(server, options)).reach();
      return reached.ok ? 'reached' : reached.problem.code;
    };
    const good = await serve();
    const other = { cluster: { 'certificate-authority-data': base64('other-authority.pem') } };
    const none = { cluster: { 'certificate-authority-data': undefined } };
    const insecure = { cluster: { ...none.cluster, 'insecure-skip-tls-verify': true } };
    expect(await code(good, other)).toBe('certificate-untrusted');
    expect(await code(good, none)).toBe('certificate-untrusted');
    expect(await code(good, insecure)).toBe('reached');
    expect(await code(await serve(undefined, 'expired-server'))).toBe('certificate-expired');
    expect(await code(await serve(undefined, 'future-server'))).toBe('clock-wrong');
    expect(await code('https://127.0.0.1:1')).toBe('api-unreachable');
    expect(await code('https://no-such-host.invalid')).toBe('api-unreachable');
    expect(await code(await serve(() => ({ status: 503, body: {} })))).toBe('api-busy');
    expect(await code(await serve(() => ({ status: 502, body: {} })))).toBe('api-unreachable');
    expect(await code(await serve(() => ({ body: 'hello' })))).toBe('api-unreachable');
  });

  test('tells an expired client certificate from a refused one', async () => {
    const server = await serve(() => ({ status: 401, body: refusal(401, 'Unauthorized', 'Unauthorized') }));
    const expired = await (await open(server, { user: certificateOf('expired-client') })).reach();
    const refused = await (await open(server, { user: certificateOf('client') })).reach();
    expect(expired).toMatchObject({ ok: false, problem: { code: 'certificate-expired' } });
    expect(refused).toMatchObject({ ok: false, problem: { code: 'unauthorized' } });
  });

  test('blames the clock where it is far off and the credentials are refused', async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const late = await serve(() => ({ status: 401, date, body: refusal(401, 'Unauthorized', 'Unauthorized') }));
    const fine = await serve(() => ({ date, body: { gitVersion: 'v1.34.4' } }));
    expect(await (await open(late)).reach()).toMatchObject({ ok: false, problem: { code: 'clock-wrong' } });
    const reached = await (await open(fine)).reach();
    expect(reached.ok && Math.round(reached.value.clockSkewMilliseconds / 60_000)).toBe(60);
  });
});

describe('trouble', () => {
  test('a 403 names the right and holds the role to ask for', async () => {
    const message =
      'jobs.batch is forbidden: User "jane" cannot create resource "jobs" in API group "batch" in the namespace "team"';
    const server = await serve(() => ({ status: 403, body: refusal(403, 'Forbidden', message) }));
    const spec = { namespace: 'team', image: 'x', baseImage: '', pod: noAgentPodChoices };
    const placed = await (await open(server)).placeAgent(spec, () => {}, new AbortController().signal);
    expect(placed).toMatchObject({
      ok: false,
      problem: { code: 'forbidden', facts: { verb: 'create', resource: 'jobs', namespace: 'team' } },
    });
    const copy = placed.ok ? '' : placed.problem.fixes.find((fix) => fix.kind === 'copy')?.text;
    expect(copy).toContain('kind: Role');
    expect(copy).toContain('pods/portforward');
  });

  test('admission and a missing namespace are not taken for missing rights', async () => {
    const spec = { namespace: 'team', image: 'x', baseImage: '', pod: noAgentPodChoices };
    const placing = async (answer: Answer) => {
      const placed = await (await open(await serve(() => answer))).placeAgent(
        spec,
        () => {},
        new AbortController().signal,
      );
      return placed.ok ? 'placed' : placed.problem.code;
    };
    const quota = refusal(
      403,
      'Forbidden',
      'jobs.batch "a" is forbidden: exceeded quota: q, requested: count/jobs.batch=1',
    );
    const policy = refusal(422, 'Invalid', 'ValidatingAdmissionPolicy "p" denied request: no jobs here');
    const missing = refusal(404, 'NotFound', 'namespaces "team" not found', { kind: 'namespaces', name: 'team' });
    expect(await placing({ status: 403, body: quota })).toBe('agent-refused');
    expect(await placing({ status: 422, body: policy })).toBe('agent-refused');
    expect(await placing({ status: 404, body: missing })).toBe('namespace-missing');
  });
});

/** An HTTP proxy that only tunnels. */
async function startProxy(): Promise<{ proxy: string; asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const request = createServer();
  request.on('connect', (seen, client: Socket) => {
    asked.push(`CONNECT ${seen.url}`);
    const [host, port] = (seen.url ?? '').split(':');
    const upstream = connect(Number(port), host ?? '');
    sockets.add(client);
    sockets.add(upstream);
    upstream.once('connect', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => request.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    request.close();
  });
  const address = request.address();
  return { proxy: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, asked };
}
