/** A made-up language for tests: longer, accented and bracketed, so that a text that was not translated stands out. */
import type { Messages } from './words.ts';

const accents: Readonly<Record<string, string>> = {
  a: 'á',
  c: 'ç',
  e: 'é',
  i: 'í',
  n: 'ñ',
  o: 'ö',
  s: 'š',
  u: 'ü',
  y: 'ý',
  A: 'Å',
  C: 'Ç',
  E: 'É',
  N: 'Ñ',
  O: 'Ö',
  S: 'Š',
  U: 'Ü',
};

/** What lies in braces is ICU's own and stays. */
export function pseudo(message: string): string {
  let depth = 0;
  let text = '';
  for (const letter of message) {
    depth += letter === '{' ? 1 : letter === '}' ? -1 : 0;
    text += depth === 0 ? (accents[letter] ?? letter) : letter;
  }
  return `[${text}${'·'.repeat(Math.ceil(message.length / 3))}]`;
}

export function pseudoMessages(messages: Messages): Messages {
  return Object.fromEntries(Object.entries(messages).map(([id, message]) => [id, pseudo(message)]));
}
