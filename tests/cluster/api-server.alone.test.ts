/**
 * Row 6, the fault that every laptop sees: the API server restarts, or is down for minutes. What fault-*.test.ts show for the
 * others holds: it comes back by itself, open connections live on, outside names never stop resolving. Alone, because it is
 * everybody's.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { EchoStreams } from './echo-streams.ts';
import { HeldConnection } from './held-connection.ts';
import { OutsideNames } from './outside-names.ts';
import { eventually, run } from './programs.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

describe('an API server that is down', () => {
  let scene: Scene;
  const record = new FaultRecord('api-server');

  beforeAll(async () => {
    scene = await setScene('plain', 'api-server', isSoak ? {} : { SLIPWAY_AGENT_IDLE_SECONDS: '20' });
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    record.keep();
    await leaveScene(scene);
    const controlPlane = scene.sandbox.space('control-plane');
    await scene.cluster.settles(controlPlane, workload.http.namespace, workload.baseImage);
  });

  it('is survived by the connection and by those in it', { timeout: record.rounds * 1000 + 200_000 }, () =>
    record.whole(isSurvived),
  );

  async function isSurvived(): Promise<void> {
    const { echo, http } = workload;
    const target = `${echo.name}:${echo.port}`;
    const idle = new HeldConnection(scene.laptop, target, '0s');
    const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    const streams = await EchoStreams.open(scene.laptop, address, echo.port, 2, 100_000);
    const outside = new OutsideNames(scene.laptop);
    try {
      expect(await eventually(async () => idle.isOpen, 10_000)).toBe(true);
      outside.start();
      const controlPlane = scene.sandbox.space('control-plane');
      await controlPlane.stopProgram('kube-apiserver', true);
      await pause(record.rounds * 1000);
      await controlPlane.startProgram('kube-apiserver');
      const isReady = async () => (await scene.cluster.kubectl(['get', '--raw', '/readyz']).catch(() => '')) === 'ok';
      expect(await eventually(isReady, 60_000, 50)).toBe(true);
      const answers = async () =>
        (await run(scene.laptop, ['curl', '-sS', '-o', '/dev/null', '-m', '2', `http://${http.fullName}/`])).code === 0;
      await record.timed('back, s', async () => {
        expect(await eventually(answers, 60_000, 50), await scene.product.lastWords()).toBe(true);
      });
      record.saw('longest wait for a byte, s', await streams.move(40_000));
      expect(await scene.product.reaches('connected', 30_000)).toBe(true);
      expect(idle.output).not.toContain('broken');
    } finally {
      record.did(record.rounds);
      await outside.stop();
      streams.end();
      idle.end();
    }
    expect(outside.lost, `of ${outside.asked} questions`).toEqual([]);
  }
});
