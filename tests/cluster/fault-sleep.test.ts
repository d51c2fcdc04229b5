/**
 * The laptop sleeps while connected, for seconds or for an hour, and wakes at another address: what was open goes on, new
 * requests and outside names come at once. sleep.test.ts has the sleep that is longer than the agent waits.
 * The stop of a process is the sleep that it feels least: clocks go on in it, as the wall clock does in a real one. That the
 * monotonic clock stands still then cannot be had for processes that run (time_namespaces(7)).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { EchoStreams } from './echo-streams.ts';
import { HeldConnection } from './held-connection.ts';
import { sleepAndMove } from './laptop-sleep.ts';
import { eventually } from './programs.ts';
import { clusterAnswers, outsideResolves } from './reachable.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

/** How long, round by round. Minutes. */
const sleeps = isSoak ? [1, 11, 60] : [0.05];

describe('a laptop that slept', () => {
  let scene: Scene;
  const record = new FaultRecord('sleep');
  const { echo, http } = workload;

  const answers = () => clusterAnswers(scene.laptop);
  const resolves = () => outsideResolves(scene.laptop);

  beforeAll(async () => {
    scene = await setScene('plain', 'slept');
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    record.keep();
    await leaveScene(scene);
  });

  it('has what was open', { timeout: record.rounds * 3_900_000 }, async () => {
    const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    const streams = await EchoStreams.open(scene.laptop, address, echo.port, 2, 100_000);
    const idle = new HeldConnection(scene.laptop, `${echo.name}:${echo.port}`, '0s');
    try {
      expect(await eventually(async () => idle.isOpen, 10_000)).toBe(true);
      await record.eachRound(async (round) => {
        const milliseconds = (sleeps[(round - 1) % sleeps.length] ?? 0) * 60_000;
        // The laptop's own programs sleep as well, and their clocks for giving up.
        await streams.rest();
        const wakesAt = Date.now() + milliseconds;
        const { moveBack } = await sleepAndMove(scene, async () => Date.now() > wakesAt, milliseconds + 10_000);
        try {
          record.saw('slept, min', milliseconds / 60_000);
          await Promise.all([
            record.timed('usable, s', async () => {
              expect(await eventually(answers, 60_000, 50), await scene.product.lastWords()).toBe(true);
            }),
            record.timed('outside names, s', async () => {
              expect(await eventually(resolves, 30_000, 20)).toBe(true);
            }),
            streams.move(60_000),
          ]).catch(async (error) => {
            throw new Error(`${error.message}\n${await scene.product.lastWords()}`);
          });
          expect(await scene.product.reaches('connected', 30_000)).toBe(true);
          expect(idle.output).not.toContain('broken');
        } finally {
          await moveBack();
        }
      });
    } finally {
      streams.end();
      idle.end();
    }
  });
});
