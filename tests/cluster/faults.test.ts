/**
 * Row 6: the agent is taken away, with no hook in our code. The connection comes back by itself, what was open is reset and
 * never hangs, and outside names never stop resolving. Faults that connections outlive are in fault-*.test.ts, the
 * sleep that is longer than the agent waits in sleep.test.ts.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HeldConnection } from './held-connection.ts';
import { OutsideNames } from './outside-names.ts';
import { eventually, run } from './programs.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

describe('faults', () => {
  let scene: Scene;
  let talking: HeldConnection;
  let idle: HeldConnection;
  let outside: OutsideNames;

  const answers = async () =>
    (await run(scene.laptop, ['curl', '-sS', '-m', '2', `http://${workload.http.fullName}/`])).code === 0;

  async function holdOn(): Promise<void> {
    talking = new HeldConnection(scene.laptop, `${workload.echo.name}:${workload.echo.port}`, '300ms');
    idle = new HeldConnection(scene.laptop, `${workload.echo.name}:${workload.echo.port}`, '0s');
    expect(await eventually(async () => talking.echoes > 1 && idle.isOpen, 10_000)).toBe(true);
  }

  async function comesBack(): Promise<void> {
    expect(await eventually(answers, 60_000), 'the cluster answers again').toBe(true);
    expect(await scene.product.reaches('connected', 30_000)).toBe(true);
  }

  beforeAll(async () => {
    scene = await setScene('plain', 'faults', { SLIPWAY_AGENT_IDLE_SECONDS: '20' });
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await leaveScene(scene);
  });

  beforeEach(async () => {
    await comesBack();
    await holdOn();
    outside = new OutsideNames(scene.laptop);
    outside.start();
  });
  afterEach(async () => {
    await outside.stop();
    talking.end();
    idle.end();
    expect(outside.lost, `of ${outside.asked} questions`).toEqual([]);
  });

  it('resets connections, idle ones too, when the agent pod is deleted, and comes back with another', async () => {
    await scene.cluster.kubectl([
      'delete',
      'pod',
      '-n',
      workload.http.namespace,
      ...(await scene.agents()).map((pod) => pod.metadata.name),
      '--grace-period=0',
      '--force',
    ]);
    expect(await eventually(async () => talking.isBroken, 40_000)).toBe(true);
    expect(await eventually(async () => idle.output.includes('broken reset'), 20_000), idle.output).toBe(true);
    await comesBack();
  });
});
