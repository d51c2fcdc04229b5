/**
 * Row 7: kill -9 of core, engine and helper, each and all together, at each step of a connect, while connected and
 * during a disconnect. Without recovery the laptop is as it was; with it exactly one set of changes is in force.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allProcesses, type ProcessKind } from './product.ts';
import { eventually, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

const victims: readonly (readonly ProcessKind[])[] = [['core'], ['engine'], ['helper'], allProcesses];
/** Moments of a connect, milliseconds after its start: they fall into its different steps. */
const moments = [600, 1000, 1400, 1800, 2200, 2700] as const;
const connectArguments = ['sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage];
const helperProgram = join(process.cwd(), 'native/bin/slipway-helper');

function setRecovery(scene: Scene, recover: boolean): void {
  const config = join(scene.product.folder, 'config');
  mkdirSync(config, { recursive: true, mode: 0o700 });
  writeFileSync(join(config, 'settings.json'), JSON.stringify({ recover }));
}

/** Ends what still runs and lets the helper undo; without a helper, `slipway-helper clean` does. */
async function settle(scene: Scene): Promise<string> {
  const restored = await eventually(async () => (await scene.product.processIds('engine')).length === 0, 8000);
  expect(restored, 'the engine ended').toBe(true);
  if ((await scene.product.processIds('helper')).length > 0) {
    return '';
  }
  const clean = await run(scene.laptop, [helperProgram, 'clean', '--user', '0']);
  return clean.code === 0 ? '' : clean.stderr;
}

describe('kill -9 without recovery', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await setScene('plain', 'kills', { SLIPWAY_AGENT_IDLE_SECONDS: '15' });
    setRecovery(scene, false);
  });
  afterEach(() => closeScene(scene));

  for (const kinds of victims) {
    it(`of ${kinds.join(', ')} while connected leaves the laptop as it was`, async () => {
      await scene.product.connect(...connectArguments);
      await scene.product.signal(kinds, 'SIGKILL');
      expect(await settle(scene)).toBe('');
      expect(await scene.unchanged(['processes', 'sockets'])).toEqual([]);
      await scene.product.disconnect();
    });

    it(`of ${kinds.join(', ')} at each step of a connect leaves the laptop as it was`, async () => {
      for (const moment of moments) {
        const connecting = scene.product.slipway(['connect', ...connectArguments]);
        await new Promise((resolve) => setTimeout(resolve, moment));
        await scene.product.signal(kinds, 'SIGKILL');
        await connecting;
        await scene.product.slipway(['disconnect', '--quit']);
        expect(await settle(scene), `${moment} ms`).toBe('');
        expect(await scene.unchanged(['processes', 'sockets']), `${moment} ms`).toEqual([]);
      }
    });

    it(`of ${kinds.join(', ')} during a disconnect leaves the laptop as it was`, async () => {
      for (const moment of [20, 120]) {
        await scene.product.connect(...connectArguments);
        const disconnecting = scene.product.slipway(['disconnect']);
        await new Promise((resolve) => setTimeout(resolve, 250 + moment));
        await scene.product.signal(kinds, 'SIGKILL');
        await disconnecting;
        await scene.product.slipway(['disconnect', '--quit']);
        expect(await settle(scene), `${moment} ms`).toBe('');
        expect(await scene.unchanged(['processes', 'sockets']), `${moment} ms`).toEqual([]);
      }
    });
  }
});

describe('kill -9 with recovery', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await setScene('plain', 'recovery', { SLIPWAY_AGENT_IDLE_SECONDS: '30' });
    setRecovery(scene, true);
  });
  afterEach(() => closeScene(scene));

  for (const kinds of victims) {
    it(`of ${kinds.join(', ')} comes back with one set of changes`, async () => {
      await scene.product.connect(...connectArguments);
      await scene.product.signal(kinds, 'SIGKILL');
      // A core that was killed is started by the next frontend that wants something of it: here a watching one.
      const follower = kinds.includes('core')
        ? spawn(
            scene.laptop.enter[0] ?? '',
            [...scene.laptop.enter.slice(1), process.execPath, 'app/hosts/cli/main.ts', 'contexts'],
            {
              env: { ...scene.product.place.environment },
              stdio: 'ignore',
            },
          )
        : undefined;
      const reachable = async () =>
        (await run(scene.laptop, ['curl', '-sS', '-m', '2', 'http://orders.webshop/'])).code === 0;
      expect(await eventually(reachable, 40_000, 300), 'orders answers again').toBe(true);
      follower?.kill();
      const links = (await run(scene.laptop, ['sh', '-c', 'ip -o link | grep -c slipway'])).stdout.trim();
      expect(links).toBe('1');
      expect((await scene.product.disconnect()).code).toBe(0);
      expect(await scene.unchanged()).toEqual([]);
      expect(await eventually(async () => (await scene.ours()).length === 0, 20_000), 'the agent is deleted').toBe(
        true,
      );
    });
  }
});
