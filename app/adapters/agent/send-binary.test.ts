import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { success } from '../../contract/index.ts';
import { refusal } from '../testing/api-server.ts';
import { errors, output, startExecServer, status, type Talk } from '../testing/exec-server.ts';
import { closedAfterEach } from '../testing/scene.ts';
import type { Processor } from './processors.ts';
import { type AgentBinary, readAgentBinary, sendBinary } from './send-binary.ts';
import { type ExecCommand, execEventSchema } from './spdy-exec.ts';

const closing = closedAfterEach();

const binary: AgentBinary = { plain: Buffer.alloc(300_000, 'a'), packed: Buffer.from('packed'), sha256: 'sum' };
const never = new AbortController().signal;

/** Sends into a pod of an API server that knows pods/exec only. */
async function serve(talk: Talk, refuse: number | string = 0) {
  const { connection, seen } = await startExecServer(closing, talk, refuse);
  const target = { namespace: 'team', pod: 'agent-1', image: 'busybox', node: 'n1' };
  const asked: string[] = [];
  const binaryFor = async (processor: Processor) => {
    asked.push(processor);
    return success(binary);
  };
  const send = (signal = never, spdyProgram = '') => sendBinary(connection, spdyProgram, target, binaryFor, signal);
  return { send, seen, asked };
}

const golden = join(import.meta.dirname, '../../../native/internal/wire/testdata/exec');
const goldenOrder: ExecCommand = JSON.parse(readFileSync(join(golden, 'command.json'), 'utf8'));

test.each(readdirSync(golden).filter((file) => file.startsWith('event-')))('reads %s as Go writes it', (file) => {
  const document = JSON.parse(readFileSync(join(golden, file), 'utf8'));
  const { bytes, ...event } = document;
  const read = execEventSchema.parse(document);
  expect(read).toMatchObject(event);
  expect('bytes' in read ? read.bytes.toString('base64') : undefined).toBe(bytes);
});

/** A program that hears one order and says this, as `slipway-engine exec` does. */
async function spdyProgram(events: object[]) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-exec-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'engine');
  await writeFile(
    file,
    `#!${process.execPath}
const fs = require('node:fs');
const frame = (event) => { const body = Buffer.from(JSON.stringify(event)); const head = Buffer.alloc(4); head.writeUInt32BE(body.length); return Buffer.concat([head, body]); };
let held = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  held = Buffer.concat([held, chunk]);
  if (held.length < 4 || held.length < 4 + held.readUInt32BE(0)) return;
  fs.appendFileSync(__dirname + '/orders', held.subarray(4, 4 + held.readUInt32BE(0)) + '\\n');
  process.stdin.removeAllListeners('data');
  for (const event of ${JSON.stringify(events)}) fs.writeSync(1, frame(event));
  process.exit(0);
});`,
  );
  await chmod(file, 0o755);
  const orders = async () => {
    const text = await readFile(join(folder, 'orders'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };
  return { file, orders };
}
const said = (event: 'output' | 'errors', text: string) => ({ event, bytes: Buffer.from(text).toString('base64') });
const failed = (code: string, facts: object) => ({ event: 'failed', problem: { code, cause: 'planned', facts } });

describe('sending the binary into a pod', () => {
  test.each([
    ['packed', binary.packed],
    ['plain', binary.plain],
  ])('gives what the shell asks for: %s', async (form, expected) => {
    let input = Buffer.alloc(0);
    const header = `sum 300000 ${expected.length}\n`;
    const { send, seen, asked } = await serve((socket) => {
      socket.send(output(form === 'packed' ? 'pack' : 'pla'));
      socket.send(output(form === 'packed' ? 'ed x86_64\n' : 'in x86_64\n'));
      socket.on('message', (message: Buffer) => {
        expect(message[0]).toBe(0);
        input = Buffer.concat([input, message.subarray(1)]);
        if (input.length === header.length + expected.length) {
          socket.send(output('sent\n'));
          socket.send(status({ status: 'Success' }));
        }
      });
    });
    expect(await send()).toMatchObject({ ok: true });
    expect(input.equals(Buffer.concat([Buffer.from(header), expected]))).toBe(true);
    const [{ url, authorization } = expect.fail('nothing was asked')] = seen;
    expect(authorization).toBe('Bearer abc');
    expect(url.pathname).toBe('/api/v1/namespaces/team/pods/agent-1/exec');
    expect(asked).toEqual(['amd64']);
  });

  test.each([
    ['x86_64', 'amd64'],
    ['aarch64', 'arm64'],
    ['armv8l', 'arm64'],
    ['unknown', 'amd64'], // no uname in the image, and no right to look at nodes
  ])('sends what the pod’s processor runs: %s', async (machine, processor) => {
    const { send, asked } = await serve((socket) => {
      socket.send(output(`packed ${machine}\n`));
      socket.on('message', () => socket.send(status({ status: 'Success' })));
    });
    expect(await send()).toMatchObject({ ok: true });
    expect(asked).toEqual([processor]);
  });

  test.each(['s390x', 'ppc64le', 'riscv64', 'armv7l', 'i686'])(
    'names a processor that it has nothing for: %s',
    async (machine) => {
      const { send, asked } = await serve((socket) => socket.send(output(`packed ${machine}\n`)));
      expect(await send()).toMatchObject({
        ok: false,
        problem: {
          code: 'agent-processor',
          cause: `the node n1 has the processor ${machine}; the agent is built for amd64 and arm64`,
        },
      });
      expect(asked).toEqual([]);
    },
  );

  test('tells what the shell said when it failed', async () => {
    const { send } = await serve((socket) => {
      socket.send(errors('the image lacks chmod, mv or head'));
      socket.send(status({ status: 'Failure', message: 'command terminated with exit code 41' }));
    });
    expect(await send()).toMatchObject({ ok: false, problem: { code: 'agent-no-shell', facts: { image: 'busybox' } } });
  });

  const endless = (socket: WebSocket, message: Buffer) => {
    const more = () => {
      if (socket.readyState === socket.OPEN) {
        socket.send(message, () => setImmediate(more));
      }
    };
    more();
  };
  test.each<[string, (socket: WebSocket) => void]>([
    ['words without end', (socket) => endless(socket, output('x'.repeat(10_000)))],
    ['errors without end', (socket) => endless(socket, errors('x'.repeat(10_000)))],
    ['one message without end', (socket) => socket.send(output('x'.repeat(1 << 20)))],
    ['a stream that there is not', (socket) => socket.send(Buffer.of(9, 9), () => socket.close())],
    ['an empty message', (socket) => socket.send(Buffer.alloc(0), () => socket.close())],
    ['text', (socket) => socket.send('text', () => socket.close())],
    ['an end that is no status', (socket) => socket.send(Buffer.concat([Buffer.of(3), Buffer.from('{"status":')]))],
    [
      'an end, and goes on',
      (socket) => [status({ status: 'Failure' }), output('more'), status({})].map((m) => socket.send(m)),
    ],
  ])('is a problem where the API server sends %s', async (_, talk) => {
    const sent = await (await serve(talk)).send();
    expect(sent.ok ? 'sent' : sent.problem.code).toMatch(/^agent-(unreachable|crashed)$/);
  });

  describe('where a gateway answers the WebSocket', () => {
    const answer = (status: number, body: string) =>
      `HTTP/1.1 ${status} No\r\ncontent-type: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
    const page = (status: number) => answer(status, `<html><title>T</title><h1>Blocked ${status}</h1></html>`);
    const words = (status: number) => answer(status, JSON.stringify(refusal(status, 'X', `the server says ${status}`)));
    const webSockets: [string, string, string | null][] = [
      ['a page 400', page(400), 'gateway-blocks'],
      ['a page 403', page(403), 'gateway-blocks'],
      ['text 403', answer(403, 'no upgrades here'), 'gateway-blocks'],
      ['a page 200', page(200), 'gateway-blocks'],
      ['a page 404', page(404), 'gateway-blocks'],
      ['a page 502', page(502), 'gateway-blocks'],
      ['nothing 403', answer(403, ''), 'gateway-blocks'],
      ['a Status 400', words(400), 'gateway-blocks'],
      ['the end of the connection', '', 'gateway-blocks'],
      ['another protocol', 'HTTP/1.1 101 Switching\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n', 'gateway-blocks'],
      ['a Status 401', words(401), null],
      ['a Status 404', words(404), null],
    ];
    const spdys: [string, object[], string][] = [
      ['passes', [{ event: 'opened' }, said('output', 'plain\n'), { event: 'ended', success: true }], ''],
      [
        'is blocked too',
        [failed('gateway-blocks', { resource: 'pods/exec', answer: '403 Blocked' })],
        'gateway-blocks',
      ],
      ['is not allowed', [failed('forbidden', { resource: 'pods/exec', verb: 'create' })], 'forbidden'],
      ['is busy', [failed('api-busy', {})], 'api-busy'],
      ['ends', [], 'agent-unreachable'],
      ['says what nobody knows', [{ event: 'what' }], 'agent-unreachable'],
    ];
    test.each(webSockets.flatMap((one) => spdys.map((other) => [one[0], other[0], one, other] as const)))(
      'with %s, and SPDY %s',
      async (_, __, [, webSocket, blocked], [, events, code]) => {
        const { send, seen } = await serve(() => {}, webSocket);
        const program = await spdyProgram(events);
        const sent = await send(never, program.file);
        if (blocked === null) {
          expect(sent.ok ? '' : sent.problem.code).toMatch(/^(unauthorized|internal)$/);
          expect(await program.orders()).toEqual([]);
          return;
        }
        expect(sent.ok ? '' : sent.problem.code).toBe(code);
        if (code === 'gateway-blocks' && !sent.ok) {
          expect(sent.problem.cause).toMatch(/^WebSocket: .+; SPDY: 403 Blocked$/);
          expect(sent.problem.cause).not.toContain('<');
        }
        const [order] = await program.orders();
        expect(order).toMatchObject({
          namespace: 'team',
          pod: 'agent-1',
          container: 'agent',
          credentials: { bearerToken: 'abc' },
        });
        expect(Object.keys(order).sort()).toEqual(Object.keys(goldenOrder).sort());
        // What passed is known: the next one opens no WebSocket.
        await send(never, program.file);
        expect(seen).toHaveLength(code === '' ? 1 : 2);
      },
    );
  });

  test('tells a refused right, a way that breaks and a stop', async () => {
    expect(await (await serve(() => {}, 403)).send()).toMatchObject({ ok: false, problem: { code: 'forbidden' } });
    const broken = await (await serve((socket) => socket.terminate())).send();
    expect(broken).toMatchObject({ ok: false, problem: { code: 'agent-unreachable' } });
    const stop = new AbortController();
    const stopped = (await serve(() => stop.abort())).send(stop.signal);
    expect(await stopped).toMatchObject({ ok: false, problem: { code: 'agent-unreachable' } });
  });
});

test.each([
  ['the build packed it', (plain: Buffer) => gzipSync(plain, { level: 1 }), true],
  ['nothing is packed', () => null, false],
  ['what is packed is of another build', (plain: Buffer) => gzipSync(Buffer.concat([plain, plain])), false],
  ['the packed file was cut off', (plain: Buffer) => gzipSync(plain).subarray(0, 40), false],
  ['the packed file is empty', () => Buffer.alloc(0), false],
])('what is sent unpacks to the agent where %s', async (_, pack, isTaken) => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-agent-'));
  closing.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'slipway-agent');
  const plain = Buffer.from('an agent '.repeat(10_000));
  await writeFile(file, plain);
  const made = pack(plain);
  if (made !== null) {
    await writeFile(`${file}.gz`, made);
  }
  const read = await readAgentBinary(file);
  expect(gunzipSync(read.packed).equals(plain)).toBe(true);
  expect(made?.equals(read.packed) ?? false).toBe(isTaken);
});
