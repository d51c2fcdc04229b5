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
  /** The way to the agent takes most of the time. */
  'slow-tunnel': ({ host }) => {
    host.times = { ...host.times, tunnel: 1_240_000 };
  },
  /** The agent waits for connections that the cluster is slow to take. */
  'slow-dial': ({ host }) => {
    host.times = { ...host.times, dial: 3_050_000 };
  },
  /** A laptop too busy to come to its connections. */
  'slow-laptop': ({ host }) => {
    host.times = { ...host.times, laptop: 720_000 };
  },
  /** A busy laptop and a long way. */
  'slow-all': ({ host }) => {
    host.times = { laptop: 340_000, tunnel: 410_000, dial: 120_000, service: 390_000 };
  },
} as const satisfies Record<string, (world: World, clock: Clock) => void>;
