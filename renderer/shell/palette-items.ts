/** What the palette finds besides Services: commands and clusters, the best first. Cheap enough for each keystroke. */
import { closeness } from '../store/rank-services.ts';

/** Rows of one kind at most; more would not be read. */
const most = 30;

/** The smaller, the better, as for Services: the name itself, a beginning, a word's beginning, anywhere. */
const grades = { exact: 0, prefix: 1, word: 1.5, within: 2, other: 8 } as const;

export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

export interface Findable {
  /** How it is called, in every language in which one may look for it. */
  readonly names: readonly string[];
  /** Where else it is found, and what counts less. */
  readonly others?: readonly string[];
  /** True where letters stand for the sound of a name that is written otherwise. */
  readonly soundsLike?: (letters: string) => boolean;
}

export interface FoundItem<Item> {
  readonly item: Item;
  readonly grade: number;
}

function gradeOf({ names, others = [], soundsLike }: Findable, word: string): number | null {
  const all = names.map((name) => {
    const text = name.toLowerCase();
    const close = closeness(text, word);
    if (close === 0) {
      return grades.exact;
    }
    if (close === 1) {
      return grades.prefix;
    }
    if (new RegExp(`[\\s/:@._-]${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).test(text)) {
      return grades.word;
    }
    return close === 2 ? grades.within : null;
  });
  const best = all.reduce<number | null>((least, one) => (one === null ? least : Math.min(least ?? one, one)), null);
  if (best !== null) {
    return best;
  }
  if (soundsLike?.(word) === true) {
    return grades.word;
  }
  return others.some((other) => other.toLowerCase().includes(word)) ? grades.other : null;
}

/** Those that hold every word, the best first; of equals the shorter name, and then in the order in which they came. */
export function fitting<Item>(
  items: readonly Item[],
  words: readonly string[],
  findableOf: (item: Item) => Findable,
): readonly FoundItem<Item>[] {
  if (words.length === 0) {
    return items.slice(0, most).map((item) => ({ item, grade: 0 }));
  }
  const found: (FoundItem<Item> & { readonly length: number })[] = [];
  for (const item of items) {
    const findable = findableOf(item);
    const all = words.map((word) => gradeOf(findable, word));
    if (all.every((grade) => grade !== null)) {
      const grade = all.reduce<number>((sum, one) => sum + (one ?? 0), 0);
      found.push({ item, grade, length: findable.names[0]?.length ?? 0 });
    }
  }
  return found.sort((left, right) => left.grade - right.grade || left.length - right.length).slice(0, most);
}
