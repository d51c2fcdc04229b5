/**
 * kill -9 of any of our processes, alone and together, at moments that chance chooses: while connecting, connected and
 * disconnecting. The laptop is as it was each time. The moments that matter are in kills.ts, one by one.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultRecord } from '../soak/record.ts';
import { connectArguments, setRecovery, settle } from './kills.ts';
import { allProcesses, type ProcessKind } from './product.ts';
import { closeScene, type Scene, setScene } from './scene.ts';

/** A round takes some seconds, on a busy machine many: for vitest, which asks for an end. */
const longest = 12 * 60 * 60 * 1000;

type During = 'connect' | 'connected' | 'disconnect';

interface Kill {
  readonly kinds: readonly ProcessKind[];
  readonly during: During;
  /** Milliseconds after that began. */
  readonly later: number;
}

/** Every choice of victims in turn, so that none is left to chance; the moment is. */
function killOf(round: number): Kill {
  const kinds = allProcesses.filter((_, index) => ((round % 7) + 1) & (1 << index));
  const during = (['connect', 'disconnect', 'connected'] as const)[round % 3] ?? 'connect';
  const span = during === 'connect' ? 4000 : 700;
  return { kinds, during, later: Math.round(Math.random() * span) };
}

describe('kill -9 at random moments', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await setScene('plain', 'random', { SLIPWAY_AGENT_IDLE_SECONDS: '15', SLIPWAY_AGENT_EXPIRY_SECONDS: '15' });
    setRecovery(scene, false);
  });
  afterAll(() => closeScene(scene));

  async function perform({ kinds, during, later }: Kill): Promise<void> {
    const { product } = scene;
    const connecting = product.slipway(['connect', ...connectArguments]);
    if (during !== 'connect') {
      const { code, stderr } = await connecting;
      expect(code, stderr).toBe(0);
    }
    const leaving = during === 'disconnect' ? product.slipway(['disconnect']) : undefined;
    await pause(later);
    await product.signal(kinds, 'SIGKILL');
    await Promise.all([connecting, leaving]);
    await product.slipway(['disconnect', '--quit']);
    expect(await settle(scene)).toBe('');
    expect(await scene.unchanged(['processes', 'sockets'])).toEqual([]);
  }

  it(
    'leaves the laptop as it was',
    async () => {
      const record = new FaultRecord('kills');
      await record.eachRound(async (round) => {
        const kill = killOf(round);
        try {
          await perform(kill);
        } catch (error) {
          const { kinds, during, later } = kill;
          throw new Error(`${kinds.join('+')} ${later} ms into ${during}: ${String(error)}`);
        }
      });
      record.keep();
    },
    longest,
  );
});
