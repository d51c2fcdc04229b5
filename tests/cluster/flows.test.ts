/** Which program has which connection, and what became of it, as the core tells it and as `slipway flows` prints it. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CoreLink, type Flow, type FlowsItem, keyOf } from '../../app/contract/index.ts';
import { flowsKnown } from '../../app/hosts/cli/flows.ts';
import { HeldConnection } from './held-connection.ts';
import { eventually, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const { echo, noEndpoint, http } = workload;
const patience = 20_000;

describe('the flows', () => {
  let scene: Scene;
  let link: CoreLink;
  let held: HeldConnection;
  let last: FlowsItem;
  let known: ReadonlyMap<number, Flow> = new Map();
  const ends: unknown[] = [];

  const flowsTo = (fits: (flow: Flow) => boolean) => [...known.values()].filter(fits);
  const isTold = async (what: string, fits: (flow: Flow) => boolean) => {
    await eventually(async () => flowsTo(fits).length > 0, patience, 50);
    return flowsTo(fits)[0] ?? expect.fail(`no flow is ${what}: ${JSON.stringify([...known.values()], null, 1)}`);
  };
  const isHeld = ({ source }: Flow) => source === held.localEnd;
  const printed = async (...options: readonly string[]) => {
    const { code, stdout, stderr } = await scene.product.slipway(['flows', ...options]);
    expect(code, stderr).toBe(0);
    return { stdout, stderr };
  };

  beforeAll(async () => {
    scene = await setScene('plain', 'flows');
  });
  afterAll(async () => {
    held?.end();
    link?.close();
    await closeScene(scene);
  });

  it('are of no cluster while none is connected, with what to do', async () => {
    const { code, stderr } = await scene.product.slipway(['flows']);
    expect(code).toBe(7);
    expect(stderr).toContain('slipway connect');
  });

  it('tell a held connection with its process, the name of its Service, its port and its bytes', async () => {
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
    link = (await scene.product.link()) ?? expect.fail('no core runs');
    const on = (await scene.product.snapshot()).connections.find(({ phase }) => phase === 'connected');
    const take = flowsKnown();
    link.subscribe(
      'flows',
      keyOf(on ?? expect.fail('nothing is connected')),
      (item) => {
        last = item;
        known = take(item);
      },
      (because) => ends.push(because),
    );
    held = new HeldConnection(scene.laptop, `${echo.name}:${echo.port}`, '300ms');
    expect(await eventually(async () => held.isOpen, patience, 50), held.output).toBe(true);

    const flow = await isTold('the held one with its program', (one) => isHeld(one) && one.program !== null);
    expect(flow).toMatchObject({
      state: 'open',
      endedAt: null,
      target: { kind: 'service', namespace: echo.namespace, name: echo.service, port: 'tcp' },
      program: { name: 'probe' },
    });
    expect(flow.destination).toMatch(new RegExp(`:${echo.port}$`));
    const { processId, executable } = flow.program ?? expect.fail('it has no program');
    expect(readFileSync(`/proc/${processId}/cmdline`, 'utf8').split('\0')).toContain('tcp-hold');
    expect(executable).toMatch(/\/probe$/);
    expect(last.live).toBeGreaterThanOrEqual(1);

    const before = flow.bytesDown;
    const later = await isTold('moving', (one) => isHeld(one) && one.bytesDown > before);
    expect(later.bytesUp).toBeGreaterThan(flow.bytesUp);
  });

  it('are printed as they are', async () => {
    const flow = await isTold('held', isHeld);
    const table = await printed();
    const line = table.stdout.split('\n').find((text) => text.includes(`probe ${flow.program?.processId}`));
    expect(line, table.stdout).toMatch(new RegExp(`${echo.service}\\.${echo.namespace}:tcp +open +\\d+.* +\\d+`));
    expect(table.stderr).toMatch(/\d+ open.*TCP only/s);
    const all = JSON.parse((await printed('-o', 'json')).stdout) as { flows: Flow[]; live: number };
    expect(all.flows.find(isHeld)).toMatchObject({ target: flow.target, program: flow.program });
    expect(all.live).toBeGreaterThanOrEqual(1);
    expect((await printed('-o', 'wide')).stdout).toContain(flow.program?.executable);
  });

  it('tell what was refused as refused: a pod’s closed port, and a Service that has no endpoint', async () => {
    const [pod] = await scene.cluster.pods(http.namespace, http.selector);
    const closed = `${pod?.status.podIP}:81`;
    const empty = `${await scene.cluster.serviceAddress(noEndpoint.namespace, noEndpoint.service)}:${noEndpoint.port}`;
    for (const [destination, target] of [
      [closed, { kind: 'pod', namespace: http.namespace, name: pod?.metadata.name }],
      [empty, { kind: 'service', namespace: noEndpoint.namespace, name: noEndpoint.service, port: 'http' }],
    ] as const) {
      const outcome = await run(scene.laptop, ['curl', '-sS', '-m', '10', '--noproxy', '*', `http://${destination}/`]);
      expect(outcome.code, outcome.stderr).toBe(7);
      const flow = await isTold(`refused by ${destination}`, (one) => one.destination === destination);
      expect(flow).toMatchObject({ state: 'refused', target, bytesUp: 0, bytesDown: 0 });
      expect(flow.endedAt).toBeGreaterThanOrEqual(flow.beganAt);
      expect(flow.answerMicroseconds).toBeGreaterThan(0);
    }
    const lines = (await printed()).stdout.split('\n');
    expect(lines.some((line) => new RegExp(`${noEndpoint.service}.*refused`).test(line))).toBe(true);
  });

  it('keep it among the ended ones when its program goes, and still say whose it was', async () => {
    const { id, program } = await isTold('held', isHeld);
    held.end();
    const ended = await isTold('over', (one) => one.id === id && one.endedAt !== null);
    expect(ended.state).toMatch(/^(closed|resetByLaptop)$/);
    expect(ended.program).toEqual(program);
    expect(ended.bytesDown).toBeGreaterThan(0);
    const { flows } = JSON.parse((await printed('-o', 'json')).stdout) as { flows: Flow[] };
    expect(flows.find((one) => one.id === id)?.state).toBe(ended.state);
    expect(flows.filter(({ state, target }) => state === 'closed' && target?.name === 'kubernetes')).toEqual([]); // checks of ours
  });

  it('end with the connection, without a fault', async () => {
    expect(ends).toEqual([]);
    expect((await scene.product.slipway(['disconnect'])).code).toBe(0);
    await expect.poll(() => ends, { timeout: patience }).toEqual([null]);
  });
});
