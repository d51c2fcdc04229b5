/**
 * Row 7: kill -9 of some of core, engine and helper, at each step of a connect, while connected and during a
 * disconnect. Without recovery the laptop is as it was; with it exactly one set of changes is in force. Each choice of
 * victims has a test file of its own, so that they run side by side.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Step } from '../../app/contract/index.ts';
import { Connecting } from './connecting.ts';
import { HeldConnection } from './held-connection.ts';
import type { ProcessKind } from './product.ts';
import { eventually, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

/**
 * Moments of a connect: when the victims are there and the step is shown, and so many milliseconds later. In the order
 * of the steps, because an agent that a killed core had placed is used again: the step `agent` comes before one is.
 */
const moments: readonly { readonly step: Step | 'start'; readonly later: number }[] = [
  { step: 'start', later: 0 },
  { step: 'cluster', later: 0 },
  { step: 'helper', later: 0 },
  { step: 'agent', later: 0 },
  { step: 'agent', later: 400 },
  { step: 'tunnel', later: 0 },
  { step: 'tunnel', later: 40 },
  { step: 'names', later: 0 },
  { step: 'verify', later: 0 },
];
/** The first step that begins after a process was started: the moments before it are the same as `start`. */
const firstWith: Readonly<Record<ProcessKind, Step>> = { core: 'cluster', helper: 'helper', engine: 'agent' };

function momentsOf(kinds: readonly ProcessKind[]): typeof moments {
  const first = Math.max(...kinds.map((kind) => moments.findIndex(({ step }) => step === firstWith[kind])));
  return moments.filter(({ step }, index) => step === 'start' || index >= first);
}

export const connectArguments = ['sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage];
const helperProgram = join(process.cwd(), 'native/bin/slipway-helper');

export function setRecovery(scene: Scene, recover: boolean): void {
  const config = join(scene.product.folder, 'config');
  mkdirSync(config, { recursive: true, mode: 0o700 });
  writeFileSync(join(config, 'settings.json'), JSON.stringify({ recover }));
}

/** What is known of an engine that should have ended. */
async function stillThere(scene: Scene): Promise<string> {
  const ids = scene.product.processIds('engine');
  const shown = await run(scene.laptop, ['ps', '-o', 'pid,ppid,etimes,stat,args', '-p', ids.join(',')]);
  const log = await run(scene.laptop, ['sh', '-c', `tail -n 40 ${scene.product.folder}/state/*.log`]);
  return `the engine did not end\n${shown.stdout}\n${log.stdout}`;
}

/** Connections to the echo server that agents hold: sockets of state ESTABLISHED (proc_pid_net(5)). */
async function heldInCluster(scene: Scene): Promise<number> {
  const port = workload.echo.port.toString(16).toUpperCase().padStart(4, '0');
  const tables = await Promise.all(
    (await scene.agents()).map(({ metadata: { namespace, name } }) =>
      scene.cluster.kubectl(['exec', '-n', namespace, name, '--', 'sh', '-c', 'cat /proc/net/tcp /proc/net/tcp6']),
    ),
  );
  return tables.join('\n').match(new RegExp(`: [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:${port} 01 `, 'g'))?.length ?? 0;
}

/** Ends what still runs and lets the helper undo; without a helper, `slipway-helper clean` does. */
export async function settle(scene: Scene): Promise<string> {
  const restored = await eventually(async () => scene.product.processIds('engine').length === 0, 8000, 50);
  expect(restored, restored ? '' : await stillThere(scene)).toBe(true);
  if (scene.product.processIds('helper').length > 0) {
    return '';
  }
  const clean = await run(scene.laptop, [helperProgram, 'clean', '--user', '0']);
  return clean.code === 0 ? '' : clean.stderr;
}

function withoutRecovery(kinds: readonly ProcessKind[]): void {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene('plain', 'kills', { SLIPWAY_AGENT_IDLE_SECONDS: '15', SLIPWAY_AGENT_EXPIRY_SECONDS: '15' });
    setRecovery(scene, false);
  });
  afterAll(() => closeScene(scene));

  async function isAsItWas(moment: string): Promise<void> {
    await scene.product.end();
    expect(await settle(scene), moment).toBe('');
    expect(await scene.unchanged(['processes', 'sockets']), moment).toEqual([]);
  }

  it('while connected leaves the laptop as it was', async () => {
    await scene.product.connect(...connectArguments);
    await scene.product.signal(kinds, 'SIGKILL');
    expect(await settle(scene)).toBe('');
    expect(await scene.unchanged(['processes', 'sockets'])).toEqual([]);
    await scene.product.end();
  });

  it.each(momentsOf(kinds))(
    'at step $step of a connect, $later ms later, leaves the laptop as it was',
    async (moment) => {
      const { step, later } = moment;
      const connecting = new Connecting(scene.product, connectArguments);
      const inTime = (await connecting.starts(kinds)) && (step === 'start' || (await connecting.reaches(step)));
      expect(inTime, 'the connect came that far').toBe(true);
      await pause(later);
      await scene.product.signal(kinds, 'SIGKILL');
      await connecting.ended;
      await isAsItWas(`${step} ${later} ms`);
    },
  );

  it('during a disconnect leaves the laptop as it was', async () => {
    for (const moment of [20, 120]) {
      await scene.product.connect(...connectArguments);
      const disconnecting = scene.product.slipway(['disconnect']);
      await pause(250 + moment);
      await scene.product.signal(kinds, 'SIGKILL');
      await disconnecting;
      await isAsItWas(`${moment} ms`);
    }
  });
}

function withRecovery(kinds: readonly ProcessKind[]): void {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene('plain', 'recovery', { SLIPWAY_AGENT_IDLE_SECONDS: '30' });
    setRecovery(scene, true);
  });
  afterAll(() => closeScene(scene));

  it('comes back with one set of changes', async () => {
    await scene.product.connect(...connectArguments);
    const held = new HeldConnection(scene.laptop, `${workload.echo.name}:${workload.echo.port}`, '0s');
    onTestFinished(() => held.end());
    expect(
      await eventually(async () => held.isOpen && (await heldInCluster(scene)) > 0, 10_000),
      'the connection is open',
    ).toBe(true);
    await scene.product.signal(kinds, 'SIGKILL');
    // A core that was killed is started by the next frontend that wants something of it.
    const next = kinds.includes('core') ? scene.product.slipway(['contexts']) : undefined;
    const reachable = async () =>
      (await run(scene.laptop, ['curl', '-sS', '-m', '2', 'http://orders.webshop/'])).code === 0;
    expect(await eventually(reachable, 40_000), 'orders answers again').toBe(true);
    await next;
    const isGone = await eventually(async () => (await heldInCluster(scene)) === 0, 20_000);
    expect(isGone, 'what was connected is connected no more in the cluster').toBe(true);
    // An engine whose core was killed with it is followed by one that knows nothing of its addresses.
    if (!kinds.includes('engine') || !kinds.includes('core')) {
      const isReset = await eventually(async () => held.output.includes('broken reset'), 10_000);
      expect(
        isReset,
        isReset ? '' : `who waited was told nothing\n${held.output}\n${await scene.product.lastWords()}`,
      ).toBe(true);
    }
    const links = (await run(scene.laptop, ['sh', '-c', 'ip -o link | grep -c slipway'])).stdout.trim();
    expect(links).toBe('1');
    expect((await scene.product.disconnect()).code).toBe(0);
    expect(await scene.unchanged()).toEqual([]);
    expect(await scene.left()).toEqual([]);
  });
}

export function describeKills(kinds: readonly ProcessKind[]): void {
  describe(`kill -9 of ${kinds.join(', ')} without recovery`, () => withoutRecovery(kinds));
  describe(`kill -9 of ${kinds.join(', ')} with recovery`, () => withRecovery(kinds));
}
