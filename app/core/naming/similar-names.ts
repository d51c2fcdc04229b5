/** Names that somebody may have meant. Pure. */

const most = 3;

/** Those of `known` that differ from `wanted` by a few letters, or go on from it; the nearest first. */
export function similarNames(wanted: string, known: readonly string[]): string[] {
  const allowed = Math.max(1, Math.floor(wanted.length / 4));
  return known
    .map((name) => ({
      name,
      distance: name.startsWith(wanted) && wanted !== '' ? 0.5 : distanceOf(wanted, name, allowed),
    }))
    .filter(({ distance }) => distance <= allowed)
    .sort((one, other) => one.distance - other.distance || one.name.length - other.name.length)
    .slice(0, most)
    .map(({ name }) => name);
}

/** Letters to change, add, leave out or swap (Damerau and Levenshtein), or more than `limit`. */
function distanceOf(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) {
    return limit + 1;
  }
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = next;
  }
  return last[other.length] ?? limit + 1;
}
