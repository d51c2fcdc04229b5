/** The addresses by which programs on this laptop know those of the cluster, where ranges are mapped. Pure. */
import type { Route } from '../../contract/index.ts';
import type { Mapping } from '../route-messages.ts';
import { realOf, virtualOf } from './virtual-ranges.ts';

/** The address that names tell for one of the cluster: itself where it is not mapped. */
export function toldAddress(routes: readonly Route[], real: string): string {
  return virtualOf(pairsOf(routes), real) ?? real;
}

/** What an address that a program uses is in the cluster: itself where it is not a virtual one. */
export function realAddress(routes: readonly Route[], told: string): string {
  return realOf(pairsOf(routes), told) ?? told;
}

/** Ranges whose addresses, as programs use them, are this cluster's: of a narrowed one they are another network's. */
export function ownRanges(routes: readonly Route[]): string[] {
  const whole = routes.filter(({ decision }) => decision === 'routed' || decision === 'cut');
  return [...whole.map(({ prefix }) => prefix), ...pairsOf(routes).map(({ virtual }) => virtual)];
}

function pairsOf(routes: readonly Route[]): Mapping[] {
  return routes.flatMap(({ prefix, virtual, cuts = [] }) =>
    [{ prefix, virtual }, ...cuts].flatMap((part) =>
      part.virtual === undefined ? [] : [{ real: part.prefix, virtual: part.virtual }],
    ),
  );
}
