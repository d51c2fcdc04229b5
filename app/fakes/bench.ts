/** Measures nothing, and says so believably: a step each, with figures of a connection through an API server in another town. */
import {
  benchStepSchema,
  type Latency,
  noFigures,
  type PathFigures,
  problem,
  type Result,
  success,
  type TransferFigures,
} from '../contract/index.ts';
import type { BenchPort, BenchSubject, Clock } from '../core/ports.ts';
import type { Faults } from './faults.ts';

const latency = (p50: number, p95: number, unanswered = 0): Latency => ({ p50, p95, count: 100, unanswered });
const mega = 1_000_000;

export class FakeBench implements BenchPort {
  /** How many are under way. */
  running = 0;
  /** Processes that want to run. */
  busy = 0.4;
  /** The second transfer does not end. */
  isStuck = false;
  /** Milliseconds that a step takes. */
  pace = 300;
  readonly #clock: Clock;
  readonly #faults: Faults;

  constructor(clock: Clock, faults: Faults) {
    this.#clock = clock;
    this.#faults = faults;
  }

  load() {
    return { load: this.busy, processors: 4 };
  }

  async measure(
    { path }: BenchSubject,
    _: number,
    heard: Parameters<BenchPort['measure']>[2],
    signal: AbortSignal,
  ): Promise<Result<PathFigures>> {
    this.running += 1;
    let known = noFigures(path);
    for (const step of benchStepSchema.options) {
      heard(step, known);
      const fault = await this.#faults.pass('bench');
      await this.#wait(this.isStuck && step === 'up1' ? 3_600_000 : this.pace, signal);
      if (signal.aborted || fault !== null) {
        this.running -= 1;
        return fault ?? { ok: false, problem: problem('cancelled', 'it was given up') };
      }
      known = after(step, known);
    }
    this.running -= 1;
    return success(known);
  }

  #wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(milliseconds, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }
}

function after(step: (typeof benchStepSchema.options)[number], known: PathFigures): PathFigures {
  switch (step) {
    case 'requests':
      return { ...known, request: latency(11.2, 14.8) };
    case 'connections':
      return { ...known, connection: latency(12.1, 19.6, 1) };
    case 'names':
      return { ...known, knownName: latency(0.18, 0.31), clusterName: latency(12.4, 22.9) };
    default: {
      const direction = step.startsWith('down') ? 'down' : 'up';
      const connections = step.endsWith('8') ? 8 : 1;
      const mean = (direction === 'down' ? 94 : 61) * mega * (connections === 8 ? 1.8 : 1);
      const figures: TransferFigures = {
        ...{ direction, connections, mean, least: mean * 0.7, most: mean * 1.2, bytes: Math.round((mean * 3) / 8) },
        requestBeside: connections === 1 ? latency(13.9, 24.4) : null,
      };
      return { ...known, transfers: [...known.transfers, figures] };
    }
  }
}
