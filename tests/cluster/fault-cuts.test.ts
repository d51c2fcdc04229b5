/**
 * What the tunnel is made of is cut, each alone and all together, while connections move bytes: they live on, without a byte
 * lost or twice, and new ones come at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord } from '../soak/record.ts';
import { EchoStreams } from './echo-streams.ts';
import { HeldConnection } from './held-connection.ts';
import { type Hop, toAgent, toServer } from './hops.ts';
import { OutsideNames } from './outside-names.ts';
import { eventually } from './programs.ts';
import { clusterAnswers } from './reachable.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

describe('cuts', () => {
  let scene: Scene;
  let hops: Hop[];
  const record = new FaultRecord('cuts');
  const { echo, http } = workload;

  const answers = () => clusterAnswers(scene.laptop);

  beforeAll(async () => {
    scene = await setScene('plain', 'cuts');
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
    const { connections } = await scene.product.snapshot();
    const { hostname } = new URL(connections.find(({ phase }) => phase === 'connected')?.cluster.server ?? '');
    hops = [await toAgent(scene), toServer(scene, hostname)];
  });
  afterAll(async () => {
    record.keep();
    await leaveScene(scene);
  });

  async function cutOneByOne(hop: Hop): Promise<number> {
    const connections = await hop.connections();
    for (const connection of connections) {
      await hop.cut(connection);
      await pause(300);
    }
    return connections.length;
  }

  async function cutTogether(): Promise<number> {
    const listed = await Promise.all(hops.map(async (hop) => ({ hop, connections: await hop.connections() })));
    const there = listed.filter(({ connections }) => connections.length > 0);
    await Promise.all(there.map(({ hop, connections }) => hop.cut(...connections)));
    return listed.reduce((sum, { connections }) => sum + connections.length, 0);
  }

  it('lose no byte and no connection, and are over soon', { timeout: record.rounds * 90_000 + 30_000 }, async () => {
    const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    const streams = await EchoStreams.open(scene.laptop, address, echo.port, 4, 1 << 20);
    const idle = new HeldConnection(scene.laptop, `${echo.name}:${echo.port}`, '0s');
    const outside = new OutsideNames(scene.laptop);
    outside.start();
    try {
      expect(await eventually(async () => idle.isOpen, 10_000)).toBe(true);
      await record.eachRound(async () => {
        await streams.tell();
        let cut = 0;
        for (const hop of hops) {
          cut += await cutOneByOne(hop);
        }
        record.saw('connections cut', cut + (await cutTogether()));
        await record.timed('back, s', async () => {
          expect(await eventually(answers, 30_000, 50), await scene.product.lastWords()).toBe(true);
        });
        record.saw('longest wait for a byte, s', await streams.move(20_000));
        expect(await scene.product.reaches('connected', 30_000)).toBe(true);
        expect(idle.output).not.toContain('broken');
      });
    } finally {
      streams.end();
      idle.end();
      await outside.stop();
    }
    expect(outside.lost, `of ${outside.asked} questions`).toEqual([]);
  });
});
