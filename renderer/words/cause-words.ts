/**
 * Causes of problems, and how far a step is, in the language of the window. The core says them in English with its
 * particulars inside: those that are its own sentences are found by their English words (en/cause.json). What a cluster,
 * a kubeconfig or another program says stays as it is.
 */
import type { IntlShape } from 'react-intl';
import cause from './en/cause.json';
import type { Say, Values } from './words.ts';

type CauseId = keyof typeof cause;
type Format = (id: CauseId, particulars: Values) => string;

const sentences = (Object.keys(cause) as CauseId[])
  .map((id) => ({ id, literal: cause[id].replace(/\{\w+\}/g, '').length, pattern: patternOf(cause[id]) }))
  // The one that says most of it: what another sentence would take for a particular is no particular then.
  .sort((one, other) => other.literal - one.literal);

function patternOf(sentence: string): RegExp {
  const parts = sentence.split(/\{(\w+)\}/).map((part, index) => {
    if (index % 2 === 0) {
      return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    }
    // At the beginning one word: a foreign sentence that only ends like one of ours is not ours.
    return sentence.startsWith(`{${part}}`) && index === 1 ? `(?<${part}>\\S+?)` : `(?<${part}>.*?)`;
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}

/** The text in the language of the window where it is a sentence of ours, else as it is. It is not cleaned. */
export const causeWords = (intl: IntlShape, text: string): string =>
  worded(text, (id, particulars) => intl.formatMessage({ id }, particulars), 1);

/** The same for who has words but no component; its particulars are cleaned as those of every message. */
export const sayCause = (say: Say, text: string): string => worded(text, say, 1);

/** `depth`: how many sentences may be inside one another, for a hostile text could be any number. */
function worded(text: string, format: Format, depth: number): string {
  for (const { id, pattern } of sentences) {
    const groups = pattern.exec(text)?.groups;
    if (groups !== undefined || cause[id] === text) {
      const particulars = Object.entries(groups ?? {}).map(([name, particular]) => [
        name,
        depth > 0 ? worded(particular, format, depth - 1) : particular,
      ]);
      return format(id, Object.fromEntries(particulars));
    }
  }
  return text;
}
