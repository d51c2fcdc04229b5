/** What of the cluster's ranges this laptop needs for itself. Pure. */
import { type Cause, cause, holdsRange, isRouted, type Route, type RouteCut } from '../../contract/index.ts';

/** The parts of routed ranges that stay with the laptop, and that programs have no other addresses for. */
export function keptParts(routes: readonly Route[]): RouteCut[] {
  return routes.filter(isRouted).flatMap(({ cuts = [] }) => cuts.filter(({ virtual }) => virtual === undefined));
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
