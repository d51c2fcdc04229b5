import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EngineEvent, engineProtocol } from '../../core/engine-messages.ts';
import { silentLog } from '../testing/api-server.ts';
import { openEngine } from './engine-process.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-engine-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An engine whose body may use send(event), take(command => …) and raw(bytes). */
async function engine(body: string) {
  const program = join(folder, 'engine');
  const source = `#!${process.execPath}
const raw = (bytes) => process.stdout.write(bytes);
const send = (event) => { const body = Buffer.from(JSON.stringify(event)); const head = Buffer.alloc(4); head.writeUInt32BE(body.length); raw(Buffer.concat([head, body])); };
const hello = (protocol = ${engineProtocol}) => send({ event: 'hello', hello: { protocol, build: 'test', role: 'engine' } });
let held = Buffer.alloc(0);
const take = (heard) => process.stdin.on('data', (chunk) => { held = Buffer.concat([held, chunk]); while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) { const size = held.readUInt32BE(0); const command = JSON.parse(held.subarray(4, 4 + size)); held = held.subarray(4 + size); heard(command); } });
process.stdin.on('end', () => process.exit(0));
${body}
`;
  await writeFile(program, source);
  await chmod(program, 0o755);
  const logFile = join(folder, 'engine.log');
  return { port: openEngine({ program, build: 'test', logFile, log: silentLog }), logFile };
}

const start = async (body: string) => {
  const { port, logFile } = await engine(body);
  const started = await port.start();
  return { started, logFile, link: started.ok ? started.value : expect.fail(started.problem.cause) };
};
const problemOf = async (body: string) => {
  const started = await (await engine(body)).port.start();
  return started.ok ? 'started' : started.problem.code;
};

test('says hello first, hands on every event in order, and keeps its log', async () => {
  const { link, logFile } = await start(
    `process.stderr.write('its log\\n');
     take((command) => { if (command.command === 'hello') { hello(); send({ event: 'step', step: { step: command.hello.role } }); } else { send({ event: 'stopped', stopped: { leftOver: 2 } }); process.exit(0); } });`,
  );
  const heard: EngineEvent[] = [];
  link.listen((event) => heard.push(event));
  link.send({ command: 'stop' });
  expect(await link.ended).toBe('');
  expect(heard).toEqual([
    { event: 'step', step: { step: 'core' } },
    { event: 'stopped', stopped: { leftOver: 2 } },
  ]);
  expect(await readFile(logFile, 'utf8')).toBe('its log\n');
});

test('events that only a newer engine knows are left out', async () => {
  const { link } = await start(
    "take(() => { hello(); send({ event: 'surprise' }); send({ event: 'step', step: { step: 'names' } }); });",
  );
  const event = await new Promise<EngineEvent>((resolve) => link.listen(resolve));
  expect(event).toEqual({ event: 'step', step: { step: 'names' } });
  await link.end(5000);
});

test('another protocol, no hello, garbage and an early end are told apart', async () => {
  expect(await problemOf('take(() => hello(99));')).toBe('engine-version');
  expect(await problemOf("take(() => send({ event: 'stopped', stopped: { leftOver: 0 } }));")).toBe('engine-version');
  expect(await problemOf("raw('hello, world, how are you');")).toBe('engine-version');
  expect(await problemOf('process.exit(3);')).toBe('engine-ended');
  const missing = openEngine({ program: join(folder, 'none'), build: '', logFile: join(folder, 'l'), log: silentLog });
  expect(await missing.start()).toMatchObject({ ok: false, problem: { code: 'engine-missing' } });
});

test('a broken link closes its input, which ends it, and tells why', async () => {
  const { link } = await start(
    "take((command) => { if (command.command === 'hello') hello(); else raw(Buffer.from([255, 255, 255, 255])); });",
  );
  link.send({ command: 'stop' });
  expect(await link.ended).toMatch(/over the limit/);
});

test('a crash tells how it ended; one that does not end is killed after the deadline', async () => {
  const crashed = await start(
    "take((command) => { if (command.command === 'hello') hello(); else process.exit(7); });",
  );
  crashed.link.send({ command: 'scope', scope: { homeNamespace: '', namespaces: [] } });
  expect(await crashed.link.ended).toBe('it ended with 7');
  const stubborn = await start(
    "process.stdin.removeAllListeners('end'); setInterval(() => {}, 1000); take(() => hello());",
  );
  await stubborn.link.end(200);
  expect(await stubborn.link.ended).toBe('it was ended by SIGKILL');
});
