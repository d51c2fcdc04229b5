/** What a fake engine answers when the way to a name or address is tested, by the fake laptop and cluster. */
import { cause, problem } from '../contract/index.ts';
import type { Tested } from '../core/engine-messages.ts';
import type { FakeCluster } from './cluster.ts';
import { type FakeHost, overlaps } from './host.ts';
import { wire } from './wire-problem.ts';

export function testedSteps(
  laptop: FakeHost,
  cluster: FakeCluster,
  isUp: boolean,
  host: string,
  port: number,
): Tested['steps'] {
  const isAddress = /^[\d.]+$/.test(host);
  const address = isAddress ? host : '10.96.0.1';
  const name = { step: 'name', microseconds: 400, answer: address };
  const isRouted = laptop.routes.some((prefix) => overlaps(prefix, address));
  if (!isRouted) {
    const missing = problem('route-missing', cause('notIntoTunnel', { address }));
    return [name, { step: 'route', microseconds: 5, problem: wire(missing) }];
  }
  const route = { step: 'route', microseconds: 5, answer: laptop.tun ?? '' };
  if (!isUp) {
    const silent = problem('tunnel-silent', cause('tunnelSilent'));
    return [name, route, { step: 'tunnel', microseconds: 1, problem: wire(silent) }];
  }
  const tunnel = { step: 'tunnel', microseconds: 900 };
  const refusal = cluster.refusals.get(`${address}:${port}`);
  const connection = { step: 'connection', microseconds: 1100, ...(refusal ? { problem: wire(refusal) } : {}) };
  return [name, route, tunnel, ...(port === 0 ? [] : [connection])];
}
