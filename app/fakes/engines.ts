/** Starts fake engines, and knows those that run. */
import { type Result, success } from '../contract/index.ts';
import type { Clock, EnginePort } from '../core/ports.ts';
import type { FakeCluster } from './cluster.ts';
import { FakeEngine } from './engine.ts';
import type { Faults } from './faults.ts';
import type { FakeHost } from './host.ts';

export class FakeEngines implements EnginePort {
  readonly #clock: Clock;
  readonly #host: FakeHost;
  readonly #cluster: FakeCluster;
  readonly #faults: Faults;
  #count = 0;
  /** Those that run, oldest first. */
  readonly running: FakeEngine[] = [];

  constructor(clock: Clock, host: FakeHost, cluster: FakeCluster, faults: Faults) {
    this.#clock = clock;
    this.#host = host;
    this.#cluster = cluster;
    this.#faults = faults;
  }

  async start(): Promise<Result<FakeEngine>> {
    const fault = await this.#faults.pass('startEngine');
    if (fault !== null) {
      return fault;
    }
    this.#count += 1;
    const engine = new FakeEngine(this.#count, this.#clock, this.#host, this.#cluster, this.#faults, () => {
      this.running.splice(this.running.indexOf(engine), 1);
    });
    this.running.push(engine);
    return success(engine);
  }
}
