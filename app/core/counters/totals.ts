/** Totals of a connection over all the engines that carried it: an engine that takes over counts from zero. Pure. */
import type { Counters } from '../../contract/index.ts';
import type { EngineCounters } from '../engine-messages.ts';

/** Nothing was carried yet. */
export function noCounters(at: number): Counters {
  return {
    at,
    bytesUp: 0,
    bytesDown: 0,
    packetsUp: 0,
    packetsDown: 0,
    flows: 0,
    roundTripMicroseconds: 0,
    routes: [],
  };
}

/** `before`: what earlier engines carried, `counted`: what the present one says. */
export function totalOf(before: Counters, counted: EngineCounters, at: number): Counters {
  return {
    at,
    bytesUp: before.bytesUp + counted.bytesUp,
    bytesDown: before.bytesDown + counted.bytesDown,
    packetsUp: before.packetsUp + counted.packetsUp,
    packetsDown: before.packetsDown + counted.packetsDown,
    flows: counted.flows,
    roundTripMicroseconds: counted.roundTripMicroseconds,
    routes: totalOfRoutes(before.routes, counted.routes),
  };
}

/** A prefix that is no longer routed keeps what it carried. */
function totalOfRoutes(before: Counters['routes'], counted: Counters['routes']): Counters['routes'] {
  const known = new Map(before.map((route) => [route.prefix, route]));
  for (const { prefix, bytesUp, bytesDown } of counted) {
    const earlier = known.get(prefix);
    known.set(prefix, {
      prefix,
      bytesUp: bytesUp + (earlier?.bytesUp ?? 0),
      bytesDown: bytesDown + (earlier?.bytesDown ?? 0),
    });
  }
  return [...known.values()];
}
