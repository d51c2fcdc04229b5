/**
 * Another program on the laptop wants for itself what the tunnel has: resolv.conf, the routes, the interface. What it takes once
 * is put back; where it goes on, that is said, and over when it stops. reach-laptop.test.ts has more that it may do.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord, isSoak } from '../soak/record.ts';
import { PhaseWatch } from './phase-watch.ts';
import { eventually, must } from './programs.ts';
import { clusterAnswers } from './reachable.ts';
import { leaveScene, type Scene, setScene, workload } from './scene.ts';

const soon = { timeout: 20_000, interval: 100 };

describe('another program', () => {
  let scene: Scene;
  let atHome: string;
  const record = new FaultRecord('laptop-changes');
  const { http } = workload;

  const answers = () => clusterAnswers(scene.laptop);
  const inLaptop = (line: string) => must(scene.laptop, ['sh', '-c', line]);
  const connection = async () => {
    const { connections } = await scene.product.snapshot();
    const live = connections.find(({ phase }) => phase === 'connected');
    return live?.phase === 'connected' ? live : undefined;
  };
  /** As a DHCP client does it. */
  const rewrite = () => must(scene.laptop, ['sh', '-c', 'printf %s "$1" > /etc/resolv.conf', 'sh', atHome]);

  beforeAll(async () => {
    scene = await setScene('plain', 'another-program');
    atHome = await must(scene.laptop, ['cat', '/etc/resolv.conf']);
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', workload.baseImage);
  });
  afterAll(async () => {
    record.keep();
    await leaveScene(scene);
  });

  /** Back by itself, and nothing is said to be wrong. */
  async function settles(deadline: number): Promise<void> {
    const isWell = async () => (await connection())?.degraded.length === 0 && (await answers());
    const codes = async () => (await connection())?.degraded.map(({ code }) => code);
    expect(await eventually(isWell, deadline), `it says ${await codes()}\n${await scene.product.lastWords()}`).toBe(
      true,
    );
  }

  it('that rewrites resolv.conf a few times gets nowhere', async () => {
    for (let time = 1; time <= 3; time++) {
      await rewrite();
      await settles(30_000);
    }
  });

  it('that takes our rule away gets its way, and that is told', async () => {
    const rules = await inLaptop('ip rule');
    const lan = (await inLaptop('ip -o route show dev eth0 proto kernel')).split(' ')[0];
    await inLaptop('ip tuntap add vpn0 mode tun && ip link set vpn0 up && ip route add default dev vpn0 table 52');
    await inLaptop(`ip route add throw ${lan} table 52`); // the API server's way
    const causes = async () => (await connection())?.degraded.map(({ code, cause }) => `${code}: ${cause}`).join('\n');
    try {
      await inLaptop('ip rule add lookup 52 pref 5270');
      for (let time = 1; time <= 6; time += 1) {
        await expect.poll(() => inLaptop('ip rule'), soon).toContain('5269:');
        await inLaptop('ip rule del pref 5269; ip -6 rule del pref 5269; true');
        const isFought = async () => /was removed 6 times/.test((await causes()) ?? '');
        if (time === 6) {
          await expect.poll(isFought, soon).toBe(true);
        }
      }
      expect(await causes()).toMatch(/^route-taken: the rule 5270: from all lookup 52 leads 10\.\S+ to vpn0/m);
      expect(await answers()).toBe(false);
    } finally {
      await inLaptop('ip rule del pref 5270; ip link delete vpn0; ip route flush table 52');
    }
    await settles(60_000);
    expect(await inLaptop('ip rule')).toBe(rules);
  });

  if (isSoak) {
    const does: Readonly<Record<string, () => Promise<void>>> = {
      // The tenth time within three minutes is meant; then a minute is theirs, two when they go on, and so on.
      'rewrites resolv.conf every 2 s': async () => {
        const watch = await PhaseWatch.begin(scene.product);
        for (let time = 1; time <= 15; time++) {
          await rewrite();
          await pause(2000);
        }
        expect(await eventually(async () => /names-contested/.test(watch.phases.join('\n')), 10_000)).toBe(true);
        watch.end();
        await record.timed('settled after rewriting, s', () => settles(20 * 60_000));
      },
      'takes the routes': async () => {
        const live = await connection();
        const services = live?.routes.find(({ kind, decision }) => kind === 'services' && decision === 'routed');
        await inLaptop('ip tuntap add vpn0 mode tun && ip link set vpn0 up');
        await inLaptop(`ip route replace ${services?.prefix} dev vpn0`);
        const isTold = async () =>
          (await connection())?.routes.some(
            ({ prefix, decision }) => prefix === services?.prefix && decision === 'narrowed',
          ) ?? false;
        try {
          await record.timed('route told, s', async () => expect(await eventually(isTold, 30_000)).toBe(true));
        } finally {
          await inLaptop('ip link delete vpn0');
        }
        await record.timed('settled after routes, s', () => settles(60_000));
      },
      'deletes the interface': async () => {
        const watch = await PhaseWatch.begin(scene.product);
        await inLaptop(`ip link delete ${(await connection())?.interface}`);
        expect(await watch.comes('reconnecting', 10_000), `${watch.phases}`).toBe(true);
        watch.end();
        await record.timed('settled after interface, s', () => settles(60_000));
      },
    };
    it('that goes on is told, and over when it stops', { timeout: record.rounds * 25 * 60_000 }, async () => {
      const what = Object.values(does);
      await record.eachRound(async (round) => {
        await settles(60_000);
        await what[(round - 1) % what.length]?.();
      });
    });
  }
});
