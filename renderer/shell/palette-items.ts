/** What the palette finds: commands, clusters and Services that hold every typed word. Cheap enough for each keystroke. */
import type { Context, Service } from '../../app/contract/index.ts';

/** Rows of one kind at most; more would not be read. */
const most = 30;

export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Those that hold every word; names that start with the first word come first. */
export function fitting<Item>(
  items: readonly Item[],
  words: readonly string[],
  textOf: (item: Item) => string,
): readonly Item[] {
  if (words.length === 0) {
    return items.slice(0, most);
  }
  const first = words[0] ?? '';
  const starting: Item[] = [];
  const others: Item[] = [];
  for (const item of items) {
    const text = textOf(item).toLowerCase();
    if (words.every((word) => text.includes(word))) {
      (text.startsWith(first) ? starting : others).push(item);
    }
    if (starting.length >= most) {
      break;
    }
  }
  return [...starting, ...others].slice(0, most);
}

export const contextText = ({ name, server }: Context): string => `${name} ${server}`;
export const serviceText = ({ name, namespace, addresses, ports }: Service): string =>
  `${name} ${namespace} ${addresses.join(' ')} ${ports.map(({ port, name: portName }) => `${port} ${portName}`).join(' ')}`;
