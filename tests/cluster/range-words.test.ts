/** The user's word on a range of a cluster that is on: in force at once, and no connection moves that need not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeldConnection } from './held-connection.ts';
import { must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const soon = { timeout: 20_000, interval: 200 };
const services = '10.96.0.0/16';
const { http, echo } = workload;

describe.each(['plain', 'resolved'] as const)('a word on a range while connected (%s)', (flavour) => {
  let scene: Scene;
  let orders = '';
  let since = 0;
  let held: HeldConnection;

  const answers = async (host: string) =>
    (await run(scene.laptop, ['curl', '-sS', '-m', '3', '-o', '/dev/null', `http://${host}/`])).code === 0;
  const named = async () =>
    (await run(scene.laptop, ['getent', 'ahostsv4', http.fullName])).stdout.split(/\s/)[0] ?? '';
  const live = async () => {
    const [connection] = (await scene.product.snapshot()).connections;
    return connection?.phase === 'connected' ? connection : expect.fail(`it is ${connection?.phase}`);
  };
  const decision = async () => (await live()).routes.find(({ prefix }) => prefix === services)?.decision;
  const routed = () => must(scene.laptop, ['ip', '-4', 'route', 'show', 'table', 'all']);
  const set = async (verb: 'add' | 'remove', name: string) => {
    const own = name === 'excludedRanges' ? [] : ['--context', 'sandbox'];
    const { code, stdout, stderr } = await scene.product.slipway(['settings', verb, name, services, ...own]);
    expect(code, stderr).toBe(0);
    expect(stdout).not.toContain('next connect');
  };

  beforeAll(async () => {
    scene = await setScene(flavour, `range-words-${flavour}`);
    orders = await scene.cluster.serviceAddress(http.namespace, http.service);
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
    ({ since } = await live());
    const pod = await scene.cluster.kubectl([
      ...['--namespace', echo.namespace, 'get', 'pods', '-l', `app=${echo.service}`],
      ...['-o', 'jsonpath={.items[0].status.podIP}'],
    ]);
    held = new HeldConnection(scene.laptop, `${pod.trim()}:${echo.port}`, '200ms'); // outside of what moves
    expect(await held.goesOn(soon.timeout)).toBe(true);
  });
  afterAll(async () => {
    held.end();
    for (const name of ['mappedRanges', 'narrowedRanges', 'excludedRanges']) {
      await scene.product.slipway([
        ...['settings', 'reset', name],
        ...(name === 'excludedRanges' ? [] : ['--context', 'sandbox']),
      ]);
    }
    await scene.product.disconnect();
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  it.each([
    ['mappedRanges', 'mapped', true, false],
    ['narrowedRanges', 'narrowed', true, true],
    ['excludedRanges', 'excluded', false, false],
  ])('%s: in force at once, taken back at once', async (name, expected, byName, byAddress) => {
    const service = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    const within = new HeldConnection(scene.laptop, `${service}:${echo.port}`, '200ms');
    expect(await within.goesOn(soon.timeout)).toBe(true);
    await set('add', name);
    await expect.poll(decision, soon).toBe(expected);
    if (byAddress) {
      expect(await within.goesOn(10_000), within.output.slice(-300)).toBe(true);
    } else {
      await expect.poll(() => within.isBroken, soon).toBe(true); // rather than left to hang
    }
    within.end();
    if (byName) {
      await expect.poll(() => answers(http.fullName), soon).toBe(true);
    }
    expect(await named()).toMatch(expected === 'mapped' ? /^198\.19\./ : /^10\.96\./);
    expect(await answers(orders)).toBe(byAddress);
    expect(await routed()).not.toMatch(/^10\.96\.0\.0\/16/m);
    expect(await held.goesOn(10_000), held.output.slice(-300)).toBe(true);

    await set('remove', name);
    await expect.poll(decision, soon).toBe('routed');
    await expect.poll(() => answers(orders), soon).toBe(true);
    await expect.poll(named, soon).toBe(orders);
    expect(await answers(http.fullName)).toBe(true);
    expect(await held.goesOn(10_000), held.output.slice(-300)).toBe(true);
    await expect.poll(async () => (await live()).degraded.map(({ code }) => code), soon).toEqual([]);
    expect((await live()).since).toBe(since);
  });
});
