/**
 * Runs a core as this process: takes the lock, serves the contract on a socket that only its user can reach, and ends
 * when it has nothing to do. Whoever comes first starts it; everyone else attaches.
 */
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createCore } from '../../core/app.ts';
import type { Ports } from '../../core/ports.ts';
import { serveLink } from '../serve.ts';
import { kubeconfigFile, takeLock } from './lock.ts';

/** How long an idle core with no frontend waits before it ends, in milliseconds. */
const idleGrace = 10_000;

/** Answers the exit code once the core has ended. `openPorts` is called only where the lock was free. */
export async function runCore(runtimeFolder: string, build: string, openPorts: () => Ports): Promise<number> {
  const release = takeLock(join(runtimeFolder, 'core.lock'));
  if (release === null) {
    return 0; // another core was first
  }
  // Which kubeconfigs this core reads, for commands that were given others (cli/core-link.ts).
  const given = join(runtimeFolder, kubeconfigFile);
  writeFileSync(given, process.env.KUBECONFIG ?? '', { mode: 0o600 });
  const ports = openPorts();
  const core = createCore(ports, build, { processId: process.pid, random: Math.random });
  const socketPath = join(runtimeFolder, 'core.sock');
  rmSync(socketPath, { force: true }); // left by a core that was killed; the lock says that none lives
  let links = 0;
  let idle = true;
  let countdown: NodeJS.Timeout | undefined;
  let settle: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const reconsider = () => {
    clearTimeout(countdown);
    if (idle && links === 0) {
      countdown = setTimeout(settle, idleGrace);
    }
  };
  const server = createServer((socket) => {
    links += 1;
    reconsider();
    // Reaching the socket needs the user's own uid (or root): the folder is 0700.
    serveLink(socket, core, build, () => {
      links -= 1;
      reconsider();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  ports.log.debug('core serves', { millisecondsSinceItsStart: Math.round(performance.now()) });
  core.idle((isIdle) => {
    idle = isIdle;
    reconsider();
  });
  core.quitAsked(() => setTimeout(settle, 20)); // the reply leaves first
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, settle);
  }
  reconsider();
  await over;
  server.close();
  await core.close();
  rmSync(socketPath, { force: true });
  rmSync(given, { force: true });
  release();
  return 0;
}
