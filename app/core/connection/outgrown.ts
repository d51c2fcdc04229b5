/** Sees that the cluster has addresses in none of its ranges that are known: it may have another range by now. */
import type { Route } from '../../contract/index.ts';
import { contains, parsePrefix } from '../../contract/prefix.ts';
import type { Catalogue, Clock } from '../ports.ts';
import { isInForce } from './outcome.ts';
import type { ConnectionState, InForce } from './state.ts';

/** So many addresses are kept in mind as looked at; then it begins anew. */
const mostKept = 200_000;
/** Not more often than this, in milliseconds: what a look finds is in force before the next. */
const between = 1500;

export interface Outgrown {
  look(state: ConnectionState, catalogue: Catalogue | null): void;
}

/** `ask` is called when there are such addresses that it was not called for. */
export function createOutgrown(clock: Clock, ask: () => void): Outgrown {
  /** Looked at. Among them are nodes' own, which pods in their node's network have, and which lie in no range either. */
  let seen = new Set<string>();
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
    if (seen.size > mostKept) {
      seen = new Set();
    }
    const fresh = addressesIn(catalogue).filter((address) => !seen.has(address));
    for (const address of fresh) {
      seen.add(address);
    }
    if (fresh.length > 0 && hasStranger(state.live.routes, fresh)) {
      ask();
    }
  }

  return {
    look: (state, catalogue) => {
      if (!isInForce(state)) {
        seen = new Set();
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

const addressesIn = (catalogue: Catalogue | null): string[] =>
  (catalogue?.services ?? []).flatMap(({ addresses, endpoints }) => [
    ...addresses,
    ...endpoints.map(({ address }) => address),
  ]);

function hasStranger(routes: readonly Route[], addresses: readonly string[]): boolean {
  const ranges = routes.map(({ prefix }) => parsePrefix(prefix)).filter((prefix) => prefix !== null);
  return addresses.some((text) => {
    const address = parsePrefix(text);
    return address !== null && !ranges.some((range) => contains(range, address));
  });
}
