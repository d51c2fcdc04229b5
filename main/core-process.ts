/**
 * The core as the app sees it: attaches to the one of this user, or starts one and attaches to that. A core that ends
 * is started again as long as the app runs; what it held is restored by its own means (docs/adr/0002).
 */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { CoreLink, Snapshot } from '../app/contract/index.ts';
import { attach } from '../app/hosts/attach.ts';
import { heapFlags, withModestMemory } from '../app/hosts/core/modest-memory.ts';
import { coreSocketPath } from '../app/hosts/core/socket.ts';

export interface CoreProcess {
  /** The core's socket, once one serves there. */
  socket(): Promise<string>;
  /** A link for main's own use, while there is one. */
  link(): CoreLink | null;
  /** Hears every snapshot, and null when the core is gone. */
  watch(listener: (snapshot: Snapshot | null) => void): void;
  /** Starts nothing any more. */
  close(): void;
}

export interface CoreProcessOptions {
  readonly script: string;
  /** The Node that it runs in: the command line's. */
  readonly node: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly build: string;
}

/** How long a core that was started may take to serve, in milliseconds. */
const startDeadline = 20_000;
/** Between two tries to reach a core that does not answer. */
const pause = 1000;

export function openCoreProcess(options: CoreProcessOptions): CoreProcess {
  let ensuring: Promise<string> | null = null;
  let link: CoreLink | null = null;
  let isClosed = false;
  const listeners = new Set<(snapshot: Snapshot | null) => void>();
  const tell = (snapshot: Snapshot | null) => {
    for (const listener of listeners) {
      listener(snapshot);
    }
  };

  async function ensure(): Promise<string> {
    const found = await coreSocketPath(options.environment);
    if (!found.ok) {
      throw new Error(found.problem.cause);
    }
    const path = found.value;
    if (await answers(path)) {
      return path;
    }
    if (isClosed) {
      throw new Error('the app is ending');
    }
    const started = spawn(options.node, [...heapFlags, options.script], {
      ...{ env: withModestMemory(options.environment), stdio: 'ignore', windowsHide: true },
    });
    let exitCode: number | null = null;
    started.once('error', () => {
      exitCode = 127;
    });
    started.once('exit', (code) => {
      exitCode = code ?? 1;
    });
    for (const deadline = Date.now() + startDeadline; Date.now() < deadline; ) {
      if (await answers(path)) {
        return path;
      }
      // 0 says that another core was first, and that one will answer.
      if (exitCode !== null && exitCode !== 0) {
        throw new Error(`the core ended with ${exitCode}; core.log in the state folder says why`);
      }
      await sleep(50);
    }
    throw new Error('the core did not come up');
  }

  function socket(): Promise<string> {
    ensuring ??= ensure().finally(() => {
      ensuring = null;
    });
    return ensuring;
  }

  async function follow(): Promise<void> {
    while (!isClosed) {
      try {
        const attached = await attach(await socket(), 'desktop', options.build);
        if ('link' in attached) {
          link = attached.link;
          link.watch(tell);
          await link.ended;
        }
      } catch {
        // the window shows it; the next try says it again
      }
      link = null;
      tell(null);
      await sleep(pause);
    }
  }
  void follow();

  return {
    socket,
    link: () => link,
    watch: (listener) => {
      listeners.add(listener);
    },
    close: () => {
      isClosed = true;
      link?.close();
    },
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const trial = connect(path);
    trial.once('connect', () => {
      trial.destroy();
      resolve(true);
    });
    trial.once('error', () => resolve(false));
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
