/**
 * Two clusters at once that are alike in everything: two contexts of this one, each with an agent, a session and an interface
 * of its own. Which of two Services of one name answers cannot be told by what it says here, and so by the way that it took.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../app/contract/index.ts';
import type { Product } from './product.ts';
import { must, run } from './programs.ts';
import { connected } from './refusals.ts';
import { closeScene, type Flavour, type Scene, setScene, workload } from './scene.ts';
import { productOfTwo } from './two-contexts.ts';

const soon = { timeout: 30_000, interval: 200 };
const flavours: readonly Flavour[] = ['plain', 'resolved'];

describe.each(flavours)('two clusters at once (%s)', (flavour) => {
  let scene: Scene;
  let product: Product;
  let orders = '';
  const { http, echo, grpc } = workload;

  const slipway = async (...words: string[]) => {
    const outcome = await product.slipway(words);
    expect(outcome.code, `${words.join(' ')}\n${outcome.stderr}\n${outcome.stdout}`).toBe(0);
    return outcome.stdout;
  };
  const connect = (context: string) =>
    slipway('connect', context, '--namespace', http.namespace, '--base-image', workload.baseImage);
  const connectionOf = async (context: string): Promise<Connection | undefined> =>
    (await product.snapshot()).connections.find(({ cluster }) => cluster.context === context);
  const live = (context: string) => connected(product, context);
  const modeOf = async (context: string) => {
    const connection = await connectionOf(context);
    return connection?.phase === 'connected' ? connection.names.mode : connection?.phase;
  };
  const curl = (host: string) => must(scene.laptop, ['curl', '-sS', '-m', '5', `http://${host}/`]);
  const addressOf = async (name: string) =>
    (await run(scene.laptop, ['getent', 'ahostsv4', name])).stdout.split(/\s/)[0] ?? '';
  const wayTo = async (address: string) =>
    / dev (\S+)/.exec(await must(scene.laptop, ['ip', 'route', 'get', address]))?.[1];

  beforeAll(async () => {
    scene = await setScene(flavour, 'several');
    orders = await scene.cluster.serviceAddress(http.namespace, http.service);
    product = productOfTwo(scene);
  });
  afterAll(async () => {
    await product.end();
    await closeScene(scene);
  });

  it('are on beside each other, the second by other addresses', async () => {
    await connect('sandbox');
    await connect('second');
    const [first, second] = [await live('sandbox'), await live('second')];
    expect(first.routes.map(({ decision }) => decision)).not.toContain('mapped');
    expect(new Set(second.routes.map(({ decision, reason }) => `${decision} ${reason}`))).toEqual(
      new Set(['mapped other-cluster']),
    );
    expect([first.degraded, second.degraded]).toEqual([[], []]);
    expect(second.interface).not.toBe(first.interface);
    expect(await modeOf('second')).toBe('elsewhere');
    expect(second.names.suffix).toBe('second-cluster');
  });

  it('answer to curl, ping, UDP and gRPC by names of their own', async () => {
    const [first, second] = [await live('sandbox'), await live('second')];
    for (const [suffix, by] of [
      ['', first],
      ['.sandbox-cluster', first],
      ['.second-cluster', second],
    ] as const) {
      const name = `${http.service}.${http.namespace}${suffix}`;
      expect(JSON.parse(await curl(name)), name).toHaveProperty('pod');
      const address = await addressOf(name);
      expect(await wayTo(address), `${name} at ${address}`).toBe(by.interface);
      expect(address === orders, name).toBe(by === first);
      await must(scene.laptop, ['ping', '-c', '1', '-W', '3', address]);
      expect(await must(scene.laptop, ['probe', 'udp', `${echo.name}${suffix}:${echo.port}`, 'hello'])).toContain(
        'hello',
      );
      await must(scene.laptop, ['probe', 'grpc', `${grpc.name}${suffix}:${grpc.port}`, 'hello']);
    }
    expect(JSON.parse(await curl(`${http.fullName}.second-cluster`))).toHaveProperty('pod');
    const back = await must(scene.laptop, [
      'getent',
      'hosts',
      await addressOf(`${http.service}.${http.namespace}.second-cluster`),
    ]);
    expect(back).toContain(`${http.fullName}.second-cluster`);
  });

  it('tell which is which in status', async () => {
    const status = await slipway('status');
    expect(status).toContain('sandbox');
    expect(status).toMatch(/names +NAME\.NAMESPACE\.second-cluster/);
  });

  it('change the plain names at a word', async () => {
    await slipway('prefer', 'second');
    await expect.poll(() => modeOf('second'), soon).not.toBe('elsewhere');
    expect(await modeOf('sandbox')).toBe('elsewhere');
    const { interface: by } = await live('second');
    await expect.poll(async () => wayTo(await addressOf(http.fullName)), soon).toBe(by);
    expect(await wayTo(await addressOf(`${http.service}.${http.namespace}.sandbox-cluster`))).not.toBe(by);
  });

  it('lose an engine, and the other does not notice', async () => {
    const { since } = await live('sandbox');
    const [, younger] = product.processIds('engine').sort((one, other) => one - other);
    process.kill(younger ?? 0, 'SIGKILL');
    await expect.poll(async () => (await connectionOf('second'))?.phase, soon).not.toBe('connected');
    expect(JSON.parse(await curl(orders))).toHaveProperty('pod');
    await expect.poll(async () => (await connectionOf('second'))?.phase, soon).toBe('connected');
    await expect.poll(() => modeOf('second'), soon).not.toBe('elsewhere');
    expect((await live('sandbox')).since).toBe(since);
  });

  it('end each for itself, and the one that stays has all', async () => {
    await slipway('disconnect', 'sandbox');
    expect(await connectionOf('sandbox')).toMatchObject({ phase: 'off' });
    await expect
      .poll(async () => (await live('second')).routes.map(({ decision }) => decision), soon)
      .not.toContain('mapped');
    await expect.poll(() => addressOf(http.fullName), soon).toBe(orders);
    expect(JSON.parse(await curl(orders))).toHaveProperty('pod');
    await connect('sandbox');
    expect((await live('sandbox')).routes.map(({ decision }) => decision)).toContain('mapped');
    expect(await modeOf('sandbox')).toBe('elsewhere');
  });

  it('are both back after everything was killed, and leave nothing', async () => {
    await product.signal(['core', 'engine', 'helper'], 'SIGKILL');
    await slipway('contexts'); // starts the core
    await expect.poll(async () => (await connectionOf('second'))?.phase, { timeout: 60_000 }).toBe('connected');
    await expect.poll(async () => (await connectionOf('sandbox'))?.phase, { timeout: 60_000 }).toBe('connected');
    expect((await product.disconnect()).code).toBe(0);
    expect(await scene.unchanged()).toEqual([]);
    expect(await scene.left()).toEqual([]);
  });
});
