/** The process that measures: what it says is heard, and it ends with its signal and with whoever started it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testBench } from '../../fakes/port-tests/bench.ts';
import { openBench } from './bench-process.ts';

const subject = { path: 'apiserver', resolver: '127.0.0.1', clusterDomain: 'cluster.local' } as const;
const known = { path: 'apiserver', request: null, connection: null, knownName: null, clusterName: null, transfers: [] };
const never = new AbortController().signal;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program in its place; `own` holds its process id. */
async function portOf(lines: string, place = folder) {
  const own = join(place, 'own');
  const file = join(place, 'program.mjs');
  const say = `const say = (what) => process.stdout.write(JSON.stringify(what) + '\\n');`;
  const head = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(own)}, String(process.pid));`;
  await writeFile(file, `${head}\n${say}\n${lines}\n`);
  const isAlive = async () => {
    const id = Number(await readFile(own, 'utf8'));
    try {
      process.kill(id, 0);
      return true;
    } catch {
      return false;
    }
  };
  return { port: openBench([process.execPath, file]), isAlive };
}

testBench('process', async () => {
  const own = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const transfer = { direction: 'up', connections: 1, mean: 1, least: 1, most: 1, bytes: 1, requestBeside: null };
  const { port, isAlive } = await portOf(
    `
    const steps = ['requests', 'connections', 'names', 'down1', 'up1', 'down8', 'up8'];
    for (const [index, step] of steps.entries()) {
      say({ step, known: { ...${JSON.stringify(known)}, transfers: Array(Math.max(index - 3, 0)).fill(${JSON.stringify(transfer)}) } });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    say({ done: { ...${JSON.stringify(known)}, transfers: Array(4).fill(${JSON.stringify(transfer)}) } });
  `,
    own,
  );
  return {
    port,
    running: async () => ((await isAlive()) ? 1 : 0),
    close: () => rm(own, { recursive: true, force: true }),
  };
});

it('tells steps and figures, whatever else is printed', async () => {
  const { port, isAlive } = await portOf(`
    say({ step: 'requests', known: ${JSON.stringify(known)} });
    console.log('a warning of Node');
    say({ step: 'a step of another version', known: {} });
    say({ done: { ...${JSON.stringify(known)}, request: { p50: 1, p95: 2, count: Number(JSON.parse(process.argv[3]).milliseconds), unanswered: 0 } } });
  `);
  const steps: string[] = [];
  const result = await port.measure(subject, 3000, (step) => steps.push(step), never);
  expect(result).toMatchObject({ ok: true, value: { request: { p50: 1, count: 3000 } } });
  expect(steps).toEqual(['requests']);
  expect(await isAlive()).toBe(false);
});

it.each([
  ['the agent measures for others', `say({ failed: { code: 'ECONNREFUSED', message: 'refused' } })`, 'bench-busy'],
  ['nothing comes back', `say({ failed: { message: 'no answer within 5 s' } })`, 'bench-broken'],
  ['it ends without a word', 'process.exit(3)', 'internal'],
])('says why there are no figures: %s', async (_, lines, code) => {
  const { port } = await portOf(lines);
  expect(await port.measure(subject, 3000, () => {}, never)).toMatchObject({ ok: false, problem: { code } });
});

it('ends at its signal, in the middle of anything', async () => {
  const { port, isAlive } = await portOf(`
    say({ step: 'down1', known: ${JSON.stringify(known)} });
    process.on('SIGTERM', () => {});
    setInterval(() => {}, 1000);
  `);
  const abort = new AbortController();
  const result = await port.measure(subject, 3000, () => abort.abort(), abort.signal);
  expect(result.ok).toBe(false);
  await expect.poll(isAlive).toBe(false);
});

it('says that it cannot be started', async () => {
  const result = await openBench([join(folder, 'nothing')]).measure(subject, 3000, () => {}, never);
  expect(result).toMatchObject({ ok: false, problem: { code: 'internal' } });
});
