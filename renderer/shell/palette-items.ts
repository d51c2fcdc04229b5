/** What the palette finds: commands, clusters and Services that hold every typed word. Cheap enough for each keystroke. */
import type { Context, Service } from '../../app/contract/index.ts';

/** Rows of one kind at most; more would not be read. */
const most = 30;

export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Those that hold every word: what starts with the first word comes first, and of those the shortest. */
export function fitting<Item>(
  items: readonly Item[],
  words: readonly string[],
  textOf: (item: Item) => string,
): readonly Item[] {
  const first = words[0];
  if (first === undefined) {
    return items.slice(0, most);
  }
  const starting: { item: Item; length: number }[] = [];
  const others: Item[] = [];
  for (const item of items) {
    const text = textOf(item).toLowerCase();
    if (words.every((word) => text.includes(word))) {
      if (text.startsWith(first)) {
        starting.push({ item, length: text.indexOf(' ') });
      } else {
        others.push(item);
      }
    }
  }
  starting.sort((left, right) => left.length - right.length);
  return [...starting.map(({ item }) => item), ...others].slice(0, most);
}

export const contextText = ({ name, server }: Context): string => `${name} ${server}`;
export const serviceText = ({ name, namespace, addresses, ports }: Service): string =>
  `${name} ${namespace} ${addresses.join(' ')} ${ports.map(({ port, name: portName }) => `${port} ${portName}`).join(' ')}`;
