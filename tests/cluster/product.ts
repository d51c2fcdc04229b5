/** The product as a user of one laptop has it: the CLI in that laptop's namespaces, with folders of its own. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CoreLink, Snapshot } from '../../app/contract/index.ts';
import { attach } from '../../app/hosts/attach.ts';
import { type ProcessKind, processIds } from './laptop-processes.ts';
import { eventually, type Outcome, type Place, type RunOptions, run } from './programs.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export { allProcesses, type ProcessKind } from './laptop-processes.ts';

/** A laptop as a place for programs, with the process that holds its namespaces (Laptop.pid). */
export interface LaptopPlace extends Place {
  readonly holder: number;
}

/** What there is to see where no core runs. */
const nothing: Snapshot = {
  revision: 0,
  build: '',
  processId: 0,
  wanted: [],
  connections: [],
  helper: { state: 'absent', program: '', isClone: true },
  contextsRevision: 0,
  settingsRevision: 0,
  work: [],
};

export class Product {
  readonly place: Place;
  readonly folder: string;
  readonly #holder: number;
  readonly #project: string;

  /** `folder` holds this product's settings, logs and control socket; `project` is the checkout as the laptop sees it. */
  constructor(
    laptop: LaptopPlace,
    folder: string,
    kubeconfig: string,
    extra: Readonly<Record<string, string>> = {},
    project = root,
  ) {
    this.folder = folder;
    this.#holder = laptop.holder;
    this.#project = project;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.place = {
      enter: laptop.enter,
      environment: {
        ...laptop.environment,
        KUBECONFIG: kubeconfig,
        SLIPWAY_RUNTIME_DIR: join(folder, 'runtime'),
        SLIPWAY_CONFIG_DIR: join(folder, 'config'),
        SLIPWAY_STATE_DIR: join(folder, 'state'),
        ...extra,
      },
    };
  }

  slipway(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run(this.place, [process.execPath, join(this.#project, 'app/hosts/cli/slipway.mjs'), ...args], {
      deadline: 90_000,
      ...options,
    });
  }

  /** Connects and expects it to work; the failure shows what the CLI and the core said. */
  async connect(...args: readonly string[]): Promise<void> {
    const outcome = await this.slipway(['connect', ...args]);
    if (outcome.code !== 0) {
      const log = await this.lastWords();
      throw new Error(`connect ended with ${outcome.code}\n${outcome.stderr}\n${outcome.stdout}\n${log}`);
    }
  }

  /** The ends of the logs, for the message of a test that failed. */
  async lastWords(): Promise<string> {
    return (await run(this.place, ['sh', '-c', `tail -n 60 ${join(this.folder, 'state')}/*.log`])).stdout;
  }

  async disconnect(): Promise<Outcome> {
    return this.slipway(['disconnect', '--quit']);
  }

  /** A link to the running core, as a frontend has one; null where no core runs. Close it. */
  async link(): Promise<CoreLink | null> {
    const attached = await attach(join(this.folder, 'runtime', 'core.sock'), 'test', 'test');
    if ('link' in attached) {
      return attached.link;
    }
    if (attached.kind === 'problem' && !attached.problem.cause.startsWith('the connection to the core ended')) {
      throw new Error(attached.problem.cause);
    }
    return null;
  }

  /** What the core shows, by its socket: a poll by the CLI would take half a second of a processor. */
  async snapshot(): Promise<Snapshot> {
    const link = await this.link();
    const answer = await link?.call('getSnapshot', {});
    link?.close();
    return answer?.ok ? answer.value : nothing;
  }

  /** Switches off and ends the core where one runs, without asserting anything: as `disconnect`, without a CLI's process. */
  async end(): Promise<void> {
    const link = await this.link().catch(() => null);
    if (link === null) {
      if (this.processIds('core').length > 0) {
        await this.disconnect(); // one that does not talk to us, or another product's
      }
    } else {
      const ended = link.call('disconnect', {}).then(() => link.call('quit', {}));
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 30_000).unref())]);
      link.close();
    }
  }

  async phase(): Promise<string> {
    const snapshot = await this.snapshot();
    return snapshot.connections.find((connection) => connection.phase !== 'off')?.phase ?? 'off';
  }

  /** Waits until the connection is in this phase. */
  reaches(phase: string, deadline: number): Promise<boolean> {
    return eventually(async () => (await this.phase()) === phase, deadline);
  }

  /** Ids of our processes in this laptop's network namespace: engine, helper or core. */
  processIds(kind: ProcessKind): number[] {
    return processIds(this.#holder, kind);
  }

  /**
   * Sends the signal to all of these at once; one that ended meanwhile is as good. What is killed is gone when this
   * answers: a process that is still ending must not be taken for one that lives. Answers the ids.
   */
  async signal(kinds: readonly ProcessKind[], signal: NodeJS.Signals): Promise<number[]> {
    const ids = kinds.flatMap((kind) => this.processIds(kind));
    signalAll(ids, signal);
    if (signal === 'SIGKILL') {
      const isThere = () => kinds.some((kind) => this.processIds(kind).some((id) => ids.includes(id)));
      await eventually(async () => !isThere(), 10_000, 5);
    }
    return ids;
  }
}

export function signalAll(ids: readonly number[], signal: NodeJS.Signals): void {
  for (const id of ids) {
    try {
      process.kill(id, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
        throw error;
      }
    }
  }
}
