/**
 * What a fake engine counts: traffic in bursts over its routes and a round trip that wanders, the same each time, so
 * that a window without a cluster looks alive and a test knows what comes.
 */
import type { EngineCounters } from '../core/engine-messages.ts';

/** Microseconds around which the round trip wanders. */
const middleRoundTrip = 1800;

/** Each call is one second later and answers the totals so far, as the engine says them. */
export function startTraffic(prefixes: readonly string[]): () => EngineCounters {
  const routes = prefixes.map((prefix) => ({ prefix, bytesUp: 0, bytesDown: 0 }));
  let second = 0;
  return () => {
    second += 1;
    for (const [index, route] of routes.entries()) {
      const bytes = bytesIn(second, index);
      route.bytesDown += bytes;
      route.bytesUp += Math.round(bytes / 8);
    }
    const bytesUp = routes.reduce((sum, route) => sum + route.bytesUp, 0);
    const bytesDown = routes.reduce((sum, route) => sum + route.bytesDown, 0);
    const wave = 500 * Math.sin(second / 7) + 250 * Math.sin(second / 2.3);
    return {
      bytesUp,
      bytesDown,
      packetsUp: Math.ceil(bytesUp / 200),
      packetsDown: Math.ceil(bytesDown / 1200),
      flows: 4 + (scatter(second) % 9),
      roundTripMicroseconds: Math.round(middleRoundTrip + wave + (scatter(second) % 200)),
      refused: { memory: 0, descriptors: 0, ports: 0, unanswered: 0 },
      routes: routes.map((route) => ({ ...route })),
    };
  };
}

/** A quiet base, and every few seconds a burst; each route has its own share and rhythm. */
function bytesIn(second: number, route: number): number {
  const isBurst = scatter(second + route * 101) % 5 === 0;
  const bytes = isBurst ? 200_000 + (scatter(second * 3 + route) % 900_000) : 2000 + (scatter(second + route) % 9000);
  return Math.round(bytes / (route + 1));
}

/** A number that looks random and is always the same (xorshift). */
export function scatter(number: number): number {
  let value = Math.imul(number + 1, 0x9e37_79b1);
  value ^= value << 13;
  value ^= value >>> 17;
  value ^= value << 5;
  return value >>> 0;
}
