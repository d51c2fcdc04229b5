/** What tests of the core share: a core in a fake world under a clock that they move. Used by tests only. */
import { expect } from 'vitest';
import type { CommandInput, CommandName, CommandOutput, Connection, Phase, Result } from '../../contract/index.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { createWorld, type World } from '../../fakes/world.ts';
import { type Core, createCore } from '../app.ts';

export class CoreHarness {
  readonly clock = new ManualClock();
  readonly world: World;
  core: Core;
  #life = { isAlive: true };

  constructor(prepare: (world: World) => void = () => {}) {
    this.world = createWorld(this.clock);
    prepare(this.world);
    this.core = this.startCore();
  }

  /** A core as after a start of its process; the one before is forgotten, as after a SIGKILL. */
  startCore(): Core {
    this.#life.isAlive = false;
    this.#life = { isAlive: true };
    const ports = mortal(this.world.ports, this.#life);
    this.core = createCore(ports, 'fake-build', { processId: 4711, random: () => 0.5 });
    return this.core;
  }

  /**
   * The core dies as by SIGKILL: it hears and does nothing any more, its engine's standard input ends, and the engine
   * undoes everything that it had asked for.
   */
  async killCore(): Promise<void> {
    this.#life.isAlive = false;
    for (let round = 0; round < 2; round += 1) {
      for (const engine of [...this.world.engines.running]) {
        void engine.end();
      }
      await this.clock.advance(50); // one that was just being started is found by the second round
    }
  }

  /** Calls and moves the time until the answer is there. */
  async call<Name extends CommandName>(command: Name, input: CommandInput<Name>): Promise<Result<CommandOutput<Name>>> {
    let answer: Result<CommandOutput<Name>> | undefined;
    void this.core.call(command, input).then((result) => {
      answer = result;
    });
    await this.clock.until(() => answer !== undefined, `an answer to ${command}`);
    if (answer === undefined) {
      throw new Error('unreachable');
    }
    return answer;
  }

  /** Disconnects, and waits until the cluster is as it was, too. */
  async off(): Promise<Result<CommandOutput<'disconnect'>>> {
    const answer = await this.call('disconnect', {});
    expect(this.world.host.isUntouched() || (answer.ok && answer.value.leftOnHost > 0)).toBe(true);
    await this.clock.until(() => this.phase() !== 'disconnecting', 'everything is undone');
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

/**
 * The same object as seen by a process that may die: from then on its calls come back never, and nothing calls it.
 * What a call answers is wrapped likewise.
 */
function mortal<Target extends object>(target: Target, life: { readonly isAlive: boolean }): Target {
  const never = () => new Promise<never>(() => {});
  const wrap = (value: unknown): unknown => {
    if (value instanceof Promise) {
      return value.then((answer) => (life.isAlive ? wrapAnswer(answer) : never()));
    }
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? mortal(value, life) : value;
  };
  const wrapAnswer = (answer: unknown): unknown => {
    const isLive = typeof answer === 'object' && answer !== null && 'value' in answer && hasMethods(answer.value);
    return isLive ? { ...answer, value: wrap(answer.value) } : answer;
  };
  const wrapCallback = (argument: unknown): unknown =>
    typeof argument === 'function'
      ? (...values: unknown[]) => (life.isAlive ? Reflect.apply(argument, undefined, values) : undefined)
      : argument;
  return new Proxy(target, {
    get: (object, key) => {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value !== 'function') {
        return wrap(value);
      }
      return (...values: unknown[]) => {
        if (!life.isAlive) {
          return never();
        }
        const answer: unknown = Reflect.apply(value, object, values.map(wrapCallback));
        return answer instanceof Promise ? wrap(answer) : answer;
      };
    },
  });
}

function hasMethods(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('send' in value || 'credentials' in value);
}
