/** Scenes of a measurement. */
import { cause, problem } from '../contract/index.ts';
import type { World } from './world.ts';

export const benchScenarios = {
  /** Small measurements take as long as ever, and transfers do not end. */
  'slow-bench': ({ bench }) => {
    bench.isStuck = true;
  },
  /** Somebody else measures through the same agent. */
  'bench-fails': ({ faults }) => {
    faults.plan('bench', problem('bench-busy', cause('benchRefused')), Number.POSITIVE_INFINITY);
  },
  /** The laptop has more to do than processors. */
  busy: ({ bench }) => {
    bench.busy = 9.3;
  },
} as const satisfies Record<string, (world: World) => void>;
