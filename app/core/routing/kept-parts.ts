/** What of the cluster's ranges this laptop needs for itself. Pure. */
import {
  type Cause,
  cause,
  holdsRange,
  isLeftAlone,
  isRouted,
  type Route,
  type RouteCut,
} from '../../contract/index.ts';

/** The parts of routed ranges that stay with the laptop, and by which programs do not reach the cluster. */
export function keptParts(routes: readonly Route[]): RouteCut[] {
  return routes
    .filter(isRouted)
    .flatMap(({ cuts = [] }) => cuts.filter(({ virtual, reason }) => virtual === undefined && reason !== 'own-way'));
}

/** What the laptop reaches without the tunnel: ranges that are left alone, and parts of others. */
export function ownWays(routes: readonly Route[]): Omit<RouteCut, 'virtual'>[] {
  return [
    ...routes.filter(isLeftAlone),
    ...routes.filter(isRouted).flatMap(({ cuts = [] }) => cuts.filter(({ reason }) => reason === 'own-way')),
  ];
}

export function isIn({ prefix }: Pick<RouteCut, 'prefix'>, address: string): boolean {
  return holdsRange(prefix, address);
}

/** Why an address of a routed range is not routed. Null where the laptop does not need it. */
export function whyKept(routes: readonly Route[], address: string): Cause | null {
  const part = keptParts(routes).find((one) => isIn(one, address));
  if (part === undefined) {
    return null;
  }
  const { conflict, interface: on } = part;
  return on === ''
    ? cause('explainCut', { address, conflict })
    : cause('explainCutOn', { address, conflict, interface: on });
}

/** Why an address of the cluster is reached without the tunnel. Null where it is not. */
export function whyOwn(routes: readonly Route[], address: string): Cause | null {
  const own = ownWays(routes).find((one) => isIn(one, address));
  if (own === undefined) {
    return null;
  }
  const { prefix, conflict, reason } = own;
  return reason === 'own-node'
    ? cause('explainOwnNode', { address, prefix })
    : cause('explainOwnWay', { address, prefix, conflict });
}
