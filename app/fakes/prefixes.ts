/** Arithmetic on prefixes as texts. */
import { formatPrefix, type Prefix, parsePrefix, subtract as parts } from '../contract/prefix.ts';
import { holdsRange } from '../contract/told-addresses.ts';

/** `text` is a prefix or an address. Prefixes overlap only where one contains the other. */
export function overlaps(prefix: string, text: string): boolean {
  return holdsRange(prefix, text) || holdsRange(text, prefix);
}

export const lengthOf = (prefix: string): number => parsed(prefix).length;

/** The parts of a prefix that `hole` does not cover, in order. */
export function subtract(prefix: string, hole: string): string[] {
  if (!overlaps(prefix, hole)) {
    return [prefix];
  }
  return holdsRange(hole, prefix) ? [] : parts(parsed(prefix), parsed(hole)).map(formatPrefix);
}

function parsed(prefix: string): Prefix {
  const found = parsePrefix(prefix);
  if (found === null) {
    throw new Error(`${prefix} is no prefix`);
  }
  return found;
}
