/**
 * Row 6, the fault that every laptop sees: the API server restarts. What faults.test.ts shows for the others holds: it
 * comes back by itself, open connections live on, outside names never stop resolving. Alone, because it is everybody's.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeldConnection } from './held-connection.ts';
import { OutsideNames } from './outside-names.ts';
import { eventually, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('a restart of the API server', () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await setScene('plain', 'api-server', { SLIPWAY_AGENT_IDLE_SECONDS: '20' });
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    await scene.product.disconnect();
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  it('is survived by the connection and by those in it', async () => {
    const target = `${workload.echo.name}:${workload.echo.port}`;
    const talking = new HeldConnection(scene.laptop, target, '300ms');
    const idle = new HeldConnection(scene.laptop, target, '0s');
    const outside = new OutsideNames(scene.laptop);
    try {
      expect(await eventually(async () => talking.echoes > 1 && idle.isOpen, 10_000)).toBe(true);
      outside.start();
      const controlPlane = scene.sandbox.space('control-plane');
      await controlPlane.stopProgram('kube-apiserver', true);
      await pause(2000);
      await controlPlane.startProgram('kube-apiserver');
      const answers = async () =>
        (await run(scene.laptop, ['curl', '-sS', '-m', '2', `http://${workload.http.fullName}/`])).code === 0;
      expect(await eventually(answers, 60_000), 'the cluster answers again').toBe(true);
      expect(await scene.product.reaches('connected', 30_000)).toBe(true);
      expect(await talking.goesOn(40_000), talking.output.slice(-200)).toBe(true);
      expect(idle.output).not.toContain('broken');
    } finally {
      await outside.stop();
      talking.end();
      idle.end();
    }
    expect(outside.lost, `of ${outside.asked} questions`).toEqual([]);
  });
});
