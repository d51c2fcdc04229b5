/**
 * Items by namespace and name, in their order, of which each change costs what changed: what did not change is the same
 * object in the next list, and is not sorted again.
 */
import { compareServiceKeys, type ServiceKey } from '../../contract/index.ts';

export interface SortedItems<Item extends ServiceKey> {
  /** Null: it is gone. One that says what is known already changes nothing. */
  put(key: string, item: Item | null): void;
  /** The present list. */
  list(): readonly Item[];
}

/** Above this many changes at once, sorting anew is cheaper than putting each into its place. */
const manyChanges = 500;

export function createSortedItems<Item extends ServiceKey>(): SortedItems<Item> {
  const items = new Map<string, Item>();
  /** What was listed for each key that was put since. */
  const listed = new Map<string, Item | undefined>();
  let sorted: readonly Item[] = [];

  return {
    put: (key, item) => {
      const before = items.get(key);
      // Most updates of an object change what nobody is shown (annotations, status, managed fields).
      if (before !== undefined && item !== null && JSON.stringify(before) === JSON.stringify(item)) {
        return;
      }
      if (!listed.has(key)) {
        listed.set(key, before);
      }
      if (item === null) {
        items.delete(key);
      } else {
        items.set(key, item);
      }
    },
    list: () => {
      const changed = [...listed].filter(([key, item]) => items.get(key) !== item);
      listed.clear();
      if (changed.length > manyChanges) {
        sorted = [...items.values()].sort(compareServiceKeys);
      } else if (changed.length > 0) {
        const next = [...sorted];
        for (const [key, old] of changed) {
          replace(next, old, items.get(key));
        }
        sorted = next;
      }
      return sorted;
    },
  };
}

/** Takes `old` out of the sorted list, puts `now` into it, or one in the other's place. */
function replace<Item extends ServiceKey>(list: Item[], old: Item | undefined, now: Item | undefined): void {
  const one = now ?? old;
  if (one === undefined) {
    return;
  }
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = list[middle];
    if (there !== undefined && compareServiceKeys(there, one) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  list.splice(low, old === undefined ? 0 : 1, ...(now === undefined ? [] : [now]));
}
