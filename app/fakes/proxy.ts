/** What a fake engine says where programs come through a proxy: nothing of the laptop is asked or held, and nothing collides with it. */
import { type EngineEvent, engineProtocol } from '../core/engine-messages.ts';
import type { RouteDecision, WantedRange } from '../core/route-messages.ts';
import type { Faults } from './faults.ts';
import { FakeHost } from './host.ts';
import { wire } from './wire-problem.ts';

export const decidedByProxy = (ranges: readonly WantedRange[]): RouteDecision[] =>
  new FakeHost().check({ ranges, protected: [] });

export async function preparedByProxy(
  faults: Faults,
  laptop: FakeHost,
  ranges: readonly WantedRange[],
): Promise<EngineEvent> {
  const fault = await faults.pass('prepare');
  if (fault !== null) {
    return { event: 'failed', failed: { during: 'prepare', problem: wire(fault.problem), leftOver: 0 } };
  }
  const host = { ...laptop.inspect(), tunAvailable: true, leaseHeld: false, leftOver: 0 };
  const helper = { protocol: engineProtocol, build: laptop.build, role: 'none' };
  return { event: 'prepared', prepared: { helper, host, decisions: decidedByProxy(ranges) } };
}

export const fakeProxy = (port: number) => ({
  port,
  knowsUsers: true,
  username: 'slipway',
  password: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  pacToken: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
});

/** What stands where the laptop does: every range has its own addresses. */
export function laptopInMemory(routes: string[]) {
  const same = (address: string) => address;
  return { routes, tun: '', virtualOf: same, realOf: same };
}
