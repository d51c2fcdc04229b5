/**
 * The direct path: lanes go to the agent's node past the API server once the user agreed to a NodePort, and back when that
 * way is blocked, with open connections on them. While it carries, the API server may be away.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord } from '../soak/record.ts';
import { EchoStreams } from './echo-streams.ts';
import { PhaseWatch } from './phase-watch.ts';
import { eventually, must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

/** A rule of the laptop's firewall: chain, what matches, and what becomes of it. */
type Rule = readonly string[];

describe('a direct path', () => {
  let scene: Scene;
  let server: string;
  const { echo, http } = workload;
  const records = [new FaultRecord('direct-blocked'), new FaultRecord('direct-black-hole')];
  const away = new FaultRecord('direct-api-server');

  const connection = async () => {
    const { connections } = await scene.product.snapshot();
    const live = connections.find(({ phase }) => phase === 'connected');
    return live?.phase === 'connected' ? live : undefined;
  };
  const takes = (path: string) => eventually(async () => (await connection())?.path === path, 45_000, 50);

  beforeAll(async () => {
    scene = await setScene('plain', 'direct');
    const { product } = scene;
    expect(await product.slipway(['settings', 'set', 'directPath', 'node-port', '--context', 'sandbox'])).toMatchObject(
      {
        code: 0,
      },
    );
    await product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
    expect(await takes('direct'), await product.lastWords()).toBe(true);
    server = new URL((await connection())?.cluster.server ?? '').hostname;
  });
  afterAll(async () => {
    await scene.product.end();
    await run(scene.laptop, ['sh', '-c', 'nft delete table ip filter']); // made by iptables
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  /** Puts rules in force while `during` runs. */
  async function under(rules: readonly Rule[], during: () => Promise<void>): Promise<void> {
    try {
      for (const rule of rules) {
        await must(scene.laptop, ['iptables', '-I', ...rule]);
      }
      await during();
    } finally {
      for (const rule of rules) {
        await run(scene.laptop, ['iptables', '-D', ...rule]);
      }
    }
  }

  async function streamsOf(count: number): Promise<EchoStreams> {
    const address = await scene.cluster.serviceAddress(echo.namespace, echo.service);
    return EchoStreams.open(scene.laptop, address, echo.port, count, 1 << 20);
  }

  /** The way to the candidate in use, as iptables matches it. */
  async function way(): Promise<{ out: string[]; in: string[] }> {
    const candidate = (await connection())?.pathReason?.candidate;
    const port = `${candidate?.port}`;
    return {
      out: ['-d', candidate?.host ?? '', '-p', 'tcp', '--dport', port],
      in: ['-s', candidate?.host ?? '', '-p', 'tcp', '--sport', port],
    };
  }

  async function left(record: FaultRecord, streams: EchoStreams, rules: readonly Rule[]): Promise<void> {
    await streams.tell();
    await under(rules, async () => {
      expect(await record.timed('noticed, s', () => takes('apiserver')), await scene.product.lastWords()).toBe(true);
      record.saw('longest wait for a byte, s', await streams.move(20_000));
      const tried = (await connection())?.pathReason?.tried ?? [];
      expect(tried.map(({ outcome }) => outcome)).toContain('lost');
    });
    await record.timed('taken again, s', async () => {
      expect(await takes('direct'), await scene.product.lastWords()).toBe(true);
    });
    await streams.move(20_000);
  }

  it.each(records)(
    '$name: it is left, no connection breaks, and it is taken again',
    { timeout: Math.max(...records.map(({ rounds }) => rounds)) * 90_000 + 60_000 },
    async (record) => {
      const streams = await streamsOf(4);
      const watch = await PhaseWatch.begin(scene.product);
      try {
        await streams.move(20_000);
        await record.eachRound(async (round) => {
          const { out, in: back } = await way();
          const neither = [
            ['OUTPUT', ...out, '-j', 'DROP'],
            ['INPUT', ...back, '-j', 'DROP'],
          ];
          const refused = [['OUTPUT', ...out, '-j', 'REJECT', '--reject-with', 'tcp-reset']];
          const kinds: readonly Rule[][] =
            record.name === 'direct-blocked' ? [neither, refused] : [neither.slice(0, 1), neither.slice(1)];
          await left(record, streams, kinds[(round - 1) % 2] ?? []);
        });
        expect(watch.phases, 'flows only wait: there is nothing to say').toEqual(['connected']);
      } finally {
        watch.end();
        streams.end();
        record.keep();
      }
    },
  );

  it('carries while the API server is away', { timeout: away.rounds * 5000 + 120_000 }, async () => {
    const streams = await streamsOf(2);
    const watch = await PhaseWatch.begin(scene.product);
    try {
      await streams.move(20_000);
      await under([['OUTPUT', '-d', server, '-p', 'tcp', '--dport', '6443', '-j', 'DROP']], async () => {
        await away.eachRound(async () => {
          await pause(1000);
          away.saw('longest wait for a byte, s', await streams.move(20_000));
        });
        const answer = await run(scene.laptop, [
          'curl',
          '-sS',
          '-o',
          '/dev/null',
          '-m',
          '5',
          `http://${http.fullName}/`,
        ]);
        expect(answer, 'a new connection, by name').toMatchObject({ code: 0 });
        expect((await connection())?.path).toBe('direct');
        expect(watch.phases.filter((said) => !said.startsWith('connected'))).toEqual([]);
      });
    } finally {
      watch.end();
      streams.end();
      away.keep();
    }
  });
});
