/** Scenes of connections: who has which, and whose time they take. */
import type { Clock } from '../core/ports.ts';
import type { World } from './world.ts';

export const flowScenarios = {
  /** No program has a connection. */
  'no-flows': ({ host }) => {
    host.flows.kind = 'none';
  },
  /** More connections than are told. */
  'many-flows': ({ host }) => {
    host.flows.kind = 'many';
    host.flows.more = 19_312;
  },
  /** A system on which programs are not looked up. */
  'unknown-programs': ({ host }) => {
    host.flows.programsKnown = false;
  },
  /** Services answer requests after two seconds. */
  'slow-services': ({ host }) => {
    host.times = { ...host.times, service: 1_860_000 };
  },
} as const satisfies Record<string, (world: World, clock: Clock) => void>;
