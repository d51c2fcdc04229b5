/** The user's word on what becomes of a range of a cluster, out of the settings and back into them. Pure. */
import { type ContextSettings, holdsRange, type Route, type Settings } from '../../app/contract/index.ts';

/** `best`: no word, so that the laptop's networks decide. */
export const rangeWords = ['best', 'routed', 'narrowed', 'mapped', 'excluded'] as const;
export type RangeWord = (typeof rangeWords)[number];

type Own = Pick<ContextSettings, 'routedRanges' | 'narrowedRanges' | 'mappedRanges'>;
type ForAll = Pick<Settings, 'excludedRanges'>;

/** Which word holds for a range: of several, the one that the core takes (planRanges). */
export function wordOnRange(prefix: string, own: Own, { excludedRanges }: ForAll): RangeWord {
  const isIn = (ranges: readonly string[]) => ranges.some((range) => holdsRange(range, prefix));
  if (isIn(excludedRanges)) {
    return 'excluded';
  }
  return isIn(own.mappedRanges)
    ? 'mapped'
    : isIn(own.narrowedRanges)
      ? 'narrowed'
      : isIn(own.routedRanges)
        ? 'routed'
        : 'best';
}

/**
 * The words to choose from; none where a setting of all clusters holds more than this range, or IPv6 is switched off. `byProxy`: no network of
 * the laptop is in the way of a connection by a proxy, so that only one that was `chosen` for another connection is left.
 */
export function wordsFor(
  { prefix, decision, reason }: Route,
  { excludedRanges }: ForAll,
  { byProxy, chosen }: { readonly byProxy: boolean; readonly chosen: RangeWord },
): readonly RangeWord[] {
  if (reason === 'ipv6' || excludedRanges.some((range) => range !== prefix && holdsRange(range, prefix))) {
    return [];
  }
  // What is public or class E is mapped in any case.
  const isMappedByKind = decision === 'mapped' && (reason === 'public' || reason === 'reserved');
  const isPlain = isMappedByKind || byProxy;
  return isPlain ? rangeWords.filter((word) => word === 'best' || word === 'excluded' || word === chosen) : rangeWords;
}

/**
 * The settings with another word on one range. `all` are the ranges of the cluster: where an entry holds several of them, the
 * others keep the word.
 */
export function withWord(
  prefix: string,
  word: RangeWord,
  { own, excludedRanges, all }: ForAll & { readonly own: Own; readonly all: readonly string[] },
): { readonly own: Own; readonly excludedRanges: string[] } {
  const without = (ranges: readonly string[]) => [
    ...new Set(
      ranges.flatMap((range) =>
        holdsRange(range, prefix) ? all.filter((one) => one !== prefix && holdsRange(range, one)) : [range],
      ),
    ),
  ];
  const listFor = (ranges: readonly string[], of: RangeWord) => [...without(ranges), ...(word === of ? [prefix] : [])];
  return {
    own: {
      routedRanges: listFor(own.routedRanges, 'routed'),
      narrowedRanges: listFor(own.narrowedRanges, 'narrowed'),
      mappedRanges: listFor(own.mappedRanges, 'mapped'),
    },
    excludedRanges: [...excludedRanges.filter((range) => range !== prefix), ...(word === 'excluded' ? [prefix] : [])],
  };
}
