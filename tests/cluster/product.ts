/** The product as a user of one laptop has it: the CLI in that laptop's namespaces, with folders of its own. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Snapshot } from '../../app/contract/index.ts';
import { eventually, type Outcome, type Place, type RunOptions, run } from './programs.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export type ProcessKind = 'core' | 'engine' | 'helper';
export const allProcesses: readonly ProcessKind[] = ['core', 'engine', 'helper'];

export class Product {
  readonly place: Place;
  readonly folder: string;
  readonly #project: string;

  /** `folder` holds this product's settings, logs and control socket; `project` is the checkout as the laptop sees it. */
  constructor(
    laptop: Place,
    folder: string,
    kubeconfig: string,
    extra: Readonly<Record<string, string>> = {},
    project = root,
  ) {
    this.folder = folder;
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
      const log = await run(this.place, ['sh', '-c', `tail -n 60 ${join(this.folder, 'state')}/*.log`]);
      throw new Error(`connect ended with ${outcome.code}\n${outcome.stderr}\n${outcome.stdout}\n${log.stdout}`);
    }
  }

  async disconnect(): Promise<Outcome> {
    return this.slipway(['disconnect', '--quit']);
  }

  async snapshot(): Promise<Snapshot> {
    const outcome = await this.slipway(['status', '-o', 'json']);
    return JSON.parse(outcome.stdout) as Snapshot;
  }

  async phase(): Promise<string> {
    const snapshot = await this.snapshot();
    return snapshot.connections.find((connection) => connection.phase !== 'off')?.phase ?? 'off';
  }

  /** Waits until the connection is in this phase. */
  reaches(phase: string, deadline: number): Promise<boolean> {
    return eventually(async () => (await this.phase()) === phase, deadline, 500);
  }

  /** Ids of our processes in this laptop's network namespace: engine, helper or core. */
  async processIds(kind: ProcessKind): Promise<number[]> {
    // The brackets keep the pattern from matching the command line of the shell that looks for it.
    const pattern = { engine: '[s]lipway-engine', helper: '[s]lipway-helper serve', core: 'hosts/[c]ore/main.ts' }[
      kind
    ];
    const script = `here=$(readlink /proc/self/ns/net); for p in /proc/[0-9]*; do [ "$(readlink $p/ns/net 2>/dev/null)" = "$here" ] || continue; tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -q '${pattern}' && basename $p; done; true`;
    const outcome = await run(this.place, ['sh', '-c', script]);
    const own = outcome.stdout.split('\n').map(Number);
    return own.filter((id) => id > 0 && id !== process.pid);
  }

  /** Sends the signal to all of these at once; one that ended meanwhile is as good. Answers the ids. */
  async signal(kinds: readonly ProcessKind[], signal: NodeJS.Signals): Promise<number[]> {
    const ids = (await Promise.all(kinds.map((kind) => this.processIds(kind)))).flat();
    signalAll(ids, signal);
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
