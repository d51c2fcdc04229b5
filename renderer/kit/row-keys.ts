/** How the keyboard moves through rows, the same in every list: arrows, Home, End, pages. */

/** Rows that a page key passes. */
const page = 10;

/** The row after a key; null where the key does not move. `active` is -1 where no row is. */
export function rowAfterKey(key: string, active: number, count: number): number | null {
  const last = count - 1;
  if (last < 0) {
    return null;
  }
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, active + 1);
    case 'ArrowUp':
      return Math.max(0, active - 1);
    case 'PageDown':
      return Math.min(last, Math.max(0, active) + page);
    case 'PageUp':
      return Math.max(0, active - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
