/**
 * Row 6: faults made in the network and in the cluster, with no hook in our code. The connection comes back by itself
 * each time; what may survive survives, the rest is reset and never hangs; outside names never stop resolving. The
 * laptop's long sleep is in sleep.test.ts.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HeldConnection } from './held-connection.ts';
import { sleepAndMove } from './laptop-sleep.ts';
import { OutsideNames } from './outside-names.ts';
import { eventually, must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('faults', () => {
  let scene: Scene;
  let talking: HeldConnection;
  let idle: HeldConnection;
  let outside: OutsideNames;
  let server = '';

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

  async function talkingGoesOn(): Promise<void> {
    expect(await talking.goesOn(40_000), talking.output.slice(-200)).toBe(true);
    expect(idle.output).not.toContain('broken');
  }

  beforeAll(async () => {
    scene = await setScene('plain', 'faults', { SLIPWAY_AGENT_IDLE_SECONDS: '20' });
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
    server = new URL(
      (await scene.product.snapshot()).connections.find((one) => one.phase === 'connected')?.cluster.server ?? '',
    ).hostname;
  });
  afterAll(async () => {
    await scene.product.disconnect();
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
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

  it('survives connections to the API server being reset', async () => {
    await must(scene.laptop, ['ss', '-K', 'dst', server, 'dport', '=', ':6443']).catch(() =>
      resetByFirewall(scene, server, 1500),
    );
    await comesBack();
    await talkingGoesOn();
  });

  it('survives packets to the API server silently dropped for a while', async () => {
    await must(scene.laptop, ['iptables', '-I', 'OUTPUT', '-d', server, '-j', 'DROP']);
    try {
      const noticed = await scene.product.reaches('reconnecting', 12_000);
      expect(noticed, 'noticed within ten seconds').toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 4000));
    } finally {
      await must(scene.laptop, ['iptables', '-D', 'OUTPUT', '-d', server, '-j', 'DROP']);
    }
    await comesBack();
    await talkingGoesOn();
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
  it('survives a short sleep of the laptop, which wakes at another address', async () => {
    await outside.stop(); // while all of ours stands still, its resolver does too
    const wakesAt = Date.now() + 3000;
    const { moveBack } = await sleepAndMove(scene, async () => Date.now() > wakesAt, 10_000);
    outside.start();
    try {
      await comesBack();
      await talkingGoesOn();
    } finally {
      await outside.stop();
      await moveBack();
    }
  });
});

/** Where the kernel cannot destroy sockets for `ss -K`: the firewall answers their next packet with a reset. */
async function resetByFirewall(scene: Scene, server: string, milliseconds: number): Promise<void> {
  const rule = ['OUTPUT', '-d', server, '-p', 'tcp', '--dport', '6443', '-j', 'REJECT', '--reject-with', 'tcp-reset'];
  await must(scene.laptop, ['iptables', '-I', ...rule]);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  await must(scene.laptop, ['iptables', '-D', ...rule]);
}
