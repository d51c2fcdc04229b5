/**
 * The laptop goes to another network while connected, and back: another address, another interface, a while without any. What
 * is open lives on, new requests and outside names come at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord } from '../soak/record.ts';
import { EchoStreams } from './echo-streams.ts';
import { HeldConnection } from './held-connection.ts';
import { moveAddress, moveLink, withoutNetwork } from './laptop-moves.ts';
import { eventually } from './programs.ts';
import { clusterAnswers, outsideResolves } from './reachable.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

describe('a laptop that goes to another network', () => {
  let scene: Scene;
  const record = new FaultRecord('roam');
  const { echo, http } = workload;

  const answers = () => clusterAnswers(scene.laptop);
  const resolves = () => outsideResolves(scene.laptop);
  const moves = { moveAddress, moveLink, withoutNetwork };

  beforeAll(async () => {
    scene = await setScene('plain', 'roam');
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    record.keep();
    await leaveScene(scene);
  });

  /** After it moved: what came back, and when. */
  async function isWell(streams: EchoStreams): Promise<void> {
    await Promise.all([
      record.timed('usable, s', async () => {
        expect(await eventually(answers, 60_000, 50), await scene.product.lastWords()).toBe(true);
      }),
      record.timed('outside names, s', async () => {
        expect(await eventually(resolves, 30_000, 20)).toBe(true);
      }),
    ]);
    record.saw('longest wait for a byte, s', await streams.move(60_000));
    expect(await scene.product.reaches('connected', 30_000)).toBe(true);
  }

  it('keeps what is open', { timeout: record.rounds * 120_000 + 30_000 }, async () => {
    const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    const streams = await EchoStreams.open(scene.laptop, address, echo.port, 2, 100_000);
    const idle = new HeldConnection(scene.laptop, `${echo.name}:${echo.port}`, '0s');
    try {
      expect(await eventually(async () => idle.isOpen, 10_000)).toBe(true);
      await record.eachRound(async () => {
        for (const move of Object.values(moves)) {
          await streams.tell();
          const moveBack = await move(scene);
          try {
            if (move !== withoutNetwork) {
              await isWell(streams);
            }
          } finally {
            await pause(move === withoutNetwork ? 3000 : 0);
            await moveBack();
          }
          await isWell(streams);
        }
        expect(idle.output).not.toContain('broken');
      });
    } finally {
      streams.end();
      idle.end();
    }
  });
});
