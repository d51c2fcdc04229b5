/**
 * Runs a core as this process: takes the lock, serves the contract on a socket that only its user can reach, and ends
 * when it has nothing to do. Whoever comes first starts it; everyone else attaches.
 */
import type { Place } from '../../contract/index.ts';
import { createCore } from '../../core/app.ts';
import type { Ports } from '../../core/ports.ts';
import { serveLink } from '../serve.ts';
import { takePlace } from './presence.ts';

/** How long an idle core with no frontend waits before it ends, in milliseconds. */
const idleGrace = 10_000;

/** Answers the exit code once the core has ended. `openPorts` is called only where no other core lives. */
export async function runCore(
  runtimeFolder: string,
  build: string,
  place: Place,
  openPorts: () => Ports,
): Promise<number> {
  const presence = takePlace(runtimeFolder);
  if (presence === null) {
    return 0; // another core was first
  }
  const ports = openPorts();
  const core = createCore(ports, build, { processId: process.pid, random: Math.random, place });
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
  presence.displaced(() => {
    if (idle) {
      settle(); // what is on keeps its core, also beside another one
    }
  });
  await presence.serve((socket) => {
    links += 1;
    reconsider();
    // Reaching the socket needs the user's own uid (or root): the folder is 0700.
    serveLink(socket, core, build, () => {
      links -= 1;
      reconsider();
    });
  });
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
  presence.close();
  await core.close();
  presence.end();
  return 0;
}
