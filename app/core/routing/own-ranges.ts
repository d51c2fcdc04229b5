import { pairsOf, type Route } from '../../contract/index.ts';

/** Ranges whose addresses, as programs use them, are this cluster's: of a narrowed one they are another network's. Pure. */
export function ownRanges(routes: readonly Route[]): string[] {
  const whole = routes.filter(({ decision }) => decision === 'routed' || decision === 'cut');
  return [...whole.map(({ prefix }) => prefix), ...pairsOf(routes).map(({ virtual }) => virtual)];
}
