/** What tests of the core share: a core in a fake world under a clock that they move. Used by tests only. */
import { expect } from 'vitest';
import type { CommandInput, CommandName, CommandOutput, Connection, Phase, Result } from '../contract/index.ts';
import { type Core, createCore } from '../core/app.ts';
import { ManualClock } from './manual-clock.ts';
import { createWorld, type World } from './world.ts';

export class CoreHarness {
  readonly clock = new ManualClock();
  readonly world: World;
  core: Core;

  constructor(prepare: (world: World) => void = () => {}) {
    this.world = createWorld(this.clock);
    prepare(this.world);
    this.core = this.startCore();
  }

  /** A core as after a start of its process; the one before is forgotten, as after a SIGKILL. */
  startCore(): Core {
    this.core = createCore(this.world.ports, 'fake-build', { processId: 4711, random: () => 0.5 });
    return this.core;
  }

  /** The core dies as by SIGKILL: its engine's standard input ends, and with it everything that it asked for. */
  async killCore(): Promise<void> {
    const silent = { ...this.world.ports.clock, after: () => () => {} };
    void silent;
    for (const engine of [...this.world.engines.running]) {
      engine.kill();
    }
    await this.clock.advance(50);
  }

  /** Calls and moves the time until the answer is there. */
  async call<Name extends CommandName>(command: Name, input: CommandInput<Name>): Promise<Result<CommandOutput<Name>>> {
    let answer: Result<CommandOutput<Name>> | undefined;
    void this.core.call(command, input, 'administer').then((result) => {
      answer = result;
    });
    await this.clock.until(() => answer !== undefined, `an answer to ${command}`);
    if (answer === undefined) {
      throw new Error('unreachable');
    }
    return answer;
  }

  connection(): Connection | undefined {
    let found: Connection | undefined;
    this.core.watch((snapshot) => {
      found = snapshot.connections.find(({ phase }) => phase !== 'off') ?? snapshot.connections[0];
    })();
    return found;
  }

  phase(): Phase | 'none' {
    return this.connection()?.phase ?? 'none';
  }

  /** The connection, in this phase; fails the test where it is in another. */
  in<Wanted extends Phase>(phase: Wanted): Extract<Connection, { phase: Wanted }> {
    const connection = this.connection();
    expect(connection?.phase, JSON.stringify(connection)).toBe(phase);
    return connection as Extract<Connection, { phase: Wanted }>;
  }

  until(phase: Phase): Promise<void> {
    return this.clock.until(() => this.phase() === phase, `phase ${phase}, it is ${this.phase()}`);
  }

  async connect(more: Partial<CommandInput<'connect'>> = {}): Promise<Extract<Connection, { phase: 'connected' }>> {
    expect(await this.call('connect', { context: 'production', ...more })).toMatchObject({ ok: true });
    await this.until('connected');
    return this.in('connected');
  }

  /** Nothing of ours on the laptop, in the cluster or among the processes. */
  expectNothingLeft(): void {
    const { host, cluster, engines } = this.world;
    expect({
      untouched: host.isUntouched(),
      lease: host.lease,
      agents: [...cluster.agents.keys()],
      engines: engines.running.length,
      clusterPorts: cluster.openPorts,
    }).toEqual({ untouched: true, lease: null, agents: [], engines: 0, clusterPorts: 0 });
  }
}
