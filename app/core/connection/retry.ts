/** When trying again makes sense, and how long to wait before. Pure; randomness is given by the caller. */
import type { Problem } from '../../contract/index.ts';

/** First and longest wait between two tries, in milliseconds. */
export const shortestWait = 500;
export const longestWait = 30_000;

/**
 * Problems that trying again does not mend: the user, an administrator or the kubeconfig has to change something.
 * Credential plugins are among them because running one again may open a browser, again and again.
 */
const mendedByPeople: ReadonlySet<string> = new Set([
  'agent-image-unpullable',
  'agent-missing',
  'agent-no-shell',
  'agent-refused',
  'agent-version',
  'caller-changed',
  'certificate-expired',
  'certificate-name',
  'certificate-untrusted',
  'clock-wrong',
  'context-changed',
  'context-unconfirmed',
  'context-unknown',
  'credentials-unusable',
  'engine-missing',
  'engine-version',
  'exec-failed',
  'exec-missing',
  'exec-output',
  'exec-refused',
  'exec-slow',
  'exec-unconfirmed',
  'forbidden',
  'gateway-blocks',
  'helper-busy',
  'helper-program-missing',
  'helper-refused',
  'helper-untrusted',
  'helper-version',
  'journal-unwritable',
  'kubeconfig-missing',
  'kubeconfig-unreadable',
  'namespace-missing',
  'no-ranges',
  'route-refused',
  'tun-unavailable',
  'unauthorized',
  'usage',
]);

/** True where waiting may help: the network, a process or a pod may come back. */
export function isTransient(problem: Problem): boolean {
  return !mendedByPeople.has(problem.code);
}

/** True where only the engine or the helper went away, so that starting it anew with the same agent may do. */
export function isLossOfProcess(problem: Problem): boolean {
  return problem.code === 'engine-ended' || problem.code === 'helper-lost' || problem.code === 'lease-lost';
}

/**
 * Milliseconds to wait before try number `attempt` + 1: doubling from 0.5 s to 30 s, spread by ±25 % so that many
 * laptops do not come back to one API server at the same instant. `jitter` is in [0, 1).
 */
export function waitAfter(attempt: number, jitter: number): number {
  const doubled = shortestWait * 2 ** Math.min(Math.max(attempt - 1, 0), 10);
  return Math.round(Math.min(doubled, longestWait) * (0.75 + 0.5 * jitter));
}
