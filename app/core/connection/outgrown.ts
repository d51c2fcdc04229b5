/** Sees that the cluster has addresses in none of its ranges that are known: it may have another range by now. */
import type { Route, Service } from '../../contract/index.ts';
import { contains, parsePrefix } from '../../contract/prefix.ts';
import type { Catalogue, Clock } from '../ports.ts';
import { isInForce } from './outcome.ts';
import type { ConnectionState, InForce } from './state.ts';

/** Nodes' own addresses, which pods in their node's network have, lie in no range either: those are looked at once. */
const mostKept = 20_000;
/** Not more often than this, in milliseconds: what a look finds is in force before the next. */
const between = 1500;

export interface Outgrown {
  look(state: ConnectionState, catalogue: Catalogue | null): void;
}

/** `ask` is called when there are such addresses that it was not called for. */
export function createOutgrown(clock: Clock, ask: () => void): Outgrown {
  let seen = new Set<string>();
  let checked = new WeakSet<Service>(); // those that did not change are the same object
  let latest: { readonly state: InForce; readonly catalogue: Catalogue | null } | null = null;
  let isWaiting = false;
  let lastAt = Number.NEGATIVE_INFINITY;

  function compare(): void {
    isWaiting = false;
    lastAt = clock.now();
    if (latest === null) {
      return;
    }
    const { state, catalogue } = latest;
    const others = (catalogue?.services ?? []).filter((service) => !checked.has(service));
    for (const service of others) {
      checked.add(service);
    }
    const strangers = strangersTo(state.live.routes, others).filter((address) => !seen.has(address));
    if (strangers.length > 0) {
      seen = new Set([...seen, ...strangers].slice(-mostKept));
      ask();
    }
  }

  return {
    look: (state, catalogue) => {
      if (!isInForce(state)) {
        seen = new Set();
        checked = new WeakSet();
        latest = null;
        return;
      }
      latest = { state, catalogue };
      if (!isWaiting) {
        isWaiting = true;
        clock.after(Math.max(0, lastAt + between - clock.now()), compare);
      }
    },
  };
}

function strangersTo(routes: readonly Route[], services: readonly Service[]): string[] {
  const ranges = routes.map(({ prefix }) => parsePrefix(prefix)).filter((prefix) => prefix !== null);
  const isKnown = (text: string) => {
    const address = parsePrefix(text);
    return address === null || ranges.some((range) => contains(range, address));
  };
  return services
    .flatMap(({ addresses, endpoints }) => [...addresses, ...endpoints.map(({ address }) => address)])
    .filter((address) => !isKnown(address));
}
