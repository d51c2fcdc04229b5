/** Whether two lists of a cluster say the same. */
import type { Catalogue, PodList } from '../core/ports.ts';

/** By identity, as the catalogue promises it; a script that changes a Service puts a new one in its place. */
export function isSame<List extends Catalogue | PodList>(one: List, other: List): boolean {
  const [lists, others] = [one, other].map((each): readonly (readonly unknown[])[] => Object.values(each));
  return (
    lists?.every((items, at) => {
      const same = others?.[at] ?? [];
      return items.length === same.length && items.every((item, index) => item === same[index]);
    }) === true
  );
}
