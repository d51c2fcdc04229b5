/**
 * Causes of problems, and how far a step is, in the language of the window: those that are the core's own sentences by
 * their id, with their values. What a cluster, a kubeconfig or another program says stays as it is.
 */
import type { IntlShape } from 'react-intl';
import { type Answer, type Cause, type CauseId, causeCatalogue, causeText } from '../../app/contract/index.ts';
import type { Say, Values, WordId } from './words.ts';

type Format = (id: WordId, values: Values) => string;

/** What is shown: the text as the core said it, and its sentence where it has one. */
export interface Spoken {
  readonly text: string;
  readonly said: Cause | null;
}

/** In the language of the window. It is not cleaned. */
export const causeWords = (intl: IntlShape, spoken: Spoken): string =>
  worded(spoken, (id, values) => intl.formatMessage({ id }, values));

/** The same for who has words but no component; its values are cleaned as those of every message. */
export const sayCause = (say: Say, spoken: Spoken): string => worded(spoken, say);

/** What a check or step found, standing alone: it begins as a sentence does, unless with a name. Null where it is not ours. */
export function answerWords(say: Say, { answer, said }: Answer): string | null {
  if (said === null || !Object.hasOwn(causeCatalogue, said.id)) {
    return null;
  }
  const words = sayCause(say, { text: answer, said });
  return causeCatalogue[said.id as CauseId].startsWith('{') ? words : words.charAt(0).toUpperCase() + words.slice(1);
}

/** A sentence that is not known here, or lacks a value, is said as the core did. */
function worded({ text, said }: Spoken, format: Format): string {
  if (said === null || !Object.hasOwn(causeCatalogue, said.id)) {
    return text;
  }
  const id = said.id as CauseId;
  const values = Object.fromEntries(
    Object.entries(said.values).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : worded({ text: causeText(value), said: value }, format),
    ]),
  );
  const wanted = [...causeCatalogue[id].matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  return wanted.every((name) => Object.hasOwn(values, name)) ? format(`cause.${id}`, values) : text;
}
