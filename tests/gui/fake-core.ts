/**
 * A core on the fake world (app/hosts/core/fake.ts) as a process of its own, in a folder of its own, and a link to it:
 * tests bring about with the link what their window only looks at.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { CommandInput, CommandName, CommandOutput, CoreLink, Snapshot } from '../../app/contract/index.ts';
import { protocolNumber } from '../../app/contract/index.ts';
import type { Scenario } from '../../app/fakes/scenarios.ts';
import { attach } from '../../app/hosts/attach.ts';
import { root } from './gui-options.ts';

const startDeadline = 120_000;

export class FakeCore {
  readonly socket: string;
  readonly #folder: string;
  readonly #scenarios: readonly Scenario[];
  #child: ChildProcess | null = null;
  #link: CoreLink | null = null;

  constructor(folder: string, scenarios: readonly Scenario[]) {
    this.#folder = join(folder, 'runtime');
    this.#scenarios = scenarios;
    this.socket = join(this.#folder, 'core.sock');
  }

  async start(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const child = spawn(process.execPath, [join(root, 'app/hosts/core/start.mjs'), 'fake'], {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: this.#folder,
        SLIPWAY_FAKE: this.#scenarios.join(','),
        SLIPWAY_RUNTIME_DIR: this.#folder,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.stdout.resume();
    const end = Date.now() + startDeadline;
    for (;;) {
      const attached = await attach(this.socket, 'test', 'test');
      if ('link' in attached) {
        this.#link = attached.link;
        return;
      }
      if (child.exitCode !== null || Date.now() > end) {
        throw new Error(`the fake core did not start (${child.exitCode}): ${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Asks and expects it to work. */
  async call<Name extends CommandName>(command: Name, input: CommandInput<Name>): Promise<CommandOutput<Name>> {
    const result = await this.#present().call(command, input);
    if (!result.ok) {
      throw new Error(`${command}: ${result.problem.code}: ${result.problem.cause}`);
    }
    return result.value;
  }

  /** Waits for a snapshot of which this is true. */
  reaches(what: (snapshot: Snapshot) => boolean, deadline = 20_000): Promise<Snapshot> {
    return new Promise((resolve, reject) => {
      let last: Snapshot | null = null;
      let stop = () => {};
      const late = setTimeout(() => {
        stop();
        reject(new Error(`not reached; the last snapshot was ${JSON.stringify(last?.connections)}`));
      }, deadline);
      stop = this.#present().watch((snapshot) => {
        last = snapshot;
        if (what(snapshot)) {
          clearTimeout(late);
          resolve(snapshot);
          setTimeout(() => stop());
        }
      });
    });
  }

  reachesPhase(phase: string, deadline?: number): Promise<Snapshot> {
    return this.reaches(({ connections }) => connections.some((connection) => connection.phase === phase), deadline);
  }

  /** As a crash ends it: without a word. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#link?.close();
    this.#link = null;
    const child = this.#child;
    this.#child = null;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const over = once(child, 'exit');
      child.kill(signal);
      await over;
    }
  }

  #present(): CoreLink {
    if (this.#link === null) {
      throw new Error('the fake core does not run');
    }
    return this.#link;
  }
}

/** Something on the core's socket that says hello as a core of another protocol. Answers what ends it. */
export async function serveOtherProtocol(socket: string, build: string): Promise<() => Promise<void>> {
  const links = new Set<Socket>();
  const server = createServer((link) => {
    links.add(link);
    link.on('error', () => {});
    link.write(`${JSON.stringify({ kind: 'hello', hello: { protocol: protocolNumber + 1, build, role: 'core' } })}\n`);
  });
  rmSync(socket, { force: true }); // of a core that was killed
  server.listen(socket);
  await once(server, 'listening');
  return async () => {
    for (const link of links) {
      link.destroy();
    }
    server.close();
    await once(server, 'close');
  };
}
