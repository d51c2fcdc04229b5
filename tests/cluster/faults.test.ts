/**
 * Row 6: faults made in the network and in the cluster, with no hook in our code. The connection comes back by itself
 * each time; what may survive survives, the rest is reset and never hangs; outside names never stop resolving.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { allProcesses, signalAll } from './product.ts';
import { eventually, must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

/** A TCP connection held by an ordinary program; its lines say how it fares. */
class Held {
  readonly #child: ChildProcess;
  output = '';

  constructor(scene: Scene, target: string, every: string) {
    const [program = '', ...enter] = scene.laptop.enter;
    this.#child = spawn(program, [...enter, 'probe', 'tcp-hold', target, every], {
      env: { ...scene.laptop.environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#child.stdout?.on('data', (chunk) => {
      this.output += chunk;
    });
  }

  get echoes(): number {
    return (this.output.match(/^echo /gm) ?? []).length;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

describe('faults', () => {
  let scene: Scene;
  let talking: Held;
  let idle: Held;
  let outside = { asked: 0, lost: [] as string[] };
  let asking = true;
  let asker: Promise<void> = Promise.resolve();
  let server = '';

  const answers = async () =>
    (await run(scene.laptop, ['curl', '-sS', '-m', '2', `http://${workload.http.fullName}/`])).code === 0;

  async function holdOn(): Promise<void> {
    talking = new Held(scene, `${workload.echo.name}:${workload.echo.port}`, '300ms');
    idle = new Held(scene, `${workload.echo.name}:${workload.echo.port}`, '0s');
    expect(await eventually(async () => talking.echoes > 1 && idle.output.includes('open'), 10_000)).toBe(true);
  }

  async function comesBack(): Promise<void> {
    expect(await eventually(answers, 60_000), 'the cluster answers again').toBe(true);
    expect(await scene.product.reaches('connected', 30_000)).toBe(true);
  }

  async function talkingGoesOn(): Promise<void> {
    const before = talking.echoes;
    expect(await eventually(async () => talking.echoes > before + 2, 40_000), talking.output.slice(-200)).toBe(true);
    expect(talking.output).not.toContain('broken');
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
    outside = { asked: 0, lost: [] };
    asking = true;
    asker = (async () => {
      while (asking) {
        const outcome = await run(scene.laptop, ['getent', 'ahostsv4', 'www.example.test'], { deadline: 10_000 });
        outside.asked += 1;
        if (!outcome.stdout.includes(workload.outside['www.example.test'])) {
          outside.lost.push(`${new Date().toISOString()} ${outcome.code} ${outcome.stderr}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    })();
  });
  afterEach(async () => {
    asking = false;
    await asker;
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
    expect(await eventually(async () => talking.output.includes('broken'), 40_000)).toBe(true);
    expect(await eventually(async () => idle.output.includes('broken reset'), 20_000), idle.output).toBe(true);
    await comesBack();
  });

  it('comes back after the laptop slept and moved to another address, and no connection hangs', async () => {
    const ids = await scene.product.signal(allProcesses, 'SIGSTOP');
    asking = false; // while everything of ours is stopped, its resolver is too: only what comes after counts
    await asker;
    outside.lost = [];
    const link = (await must(scene.laptop, ['sh', '-c', 'ip -o -4 route show default'])).trim();
    const device = /dev (\S+)/.exec(link)?.[1] ?? '';
    const gateway = /via (\S+)/.exec(link)?.[1] ?? '';
    const old = (
      await must(scene.laptop, ['sh', '-c', `ip -o -4 address show dev ${device} | awk '{print $4}'`])
    ).trim();
    const moved = old.replace(/^.*\//, `${scene.spareAddress}/`);
    const move = async (from: string, to: string) => {
      await must(scene.laptop, [
        'sh',
        '-c',
        `ip address delete ${from} dev ${device}; ip address add ${to} broadcast + dev ${device}; ip route replace default via ${gateway} dev ${device}`,
      ]);
    };
    await move(old, moved);
    try {
      await new Promise((resolve) => setTimeout(resolve, 30_000));
      signalAll(ids, 'SIGCONT');
      await comesBack();
      const before = talking.echoes;
      const goesOnOrEnds = async () => talking.output.includes('broken') || talking.echoes > before + 2;
      expect(await eventually(goesOnOrEnds, 30_000), talking.output.slice(-200)).toBe(true);
    } finally {
      await move(moved, old);
      await comesBack();
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
