/** A problem in the language of the window: by its code and facts; the core's own English where the code is unknown here. */
import type { IntlShape } from 'react-intl';
import type { Fix, Problem } from '../../app/contract/index.ts';
import { causeWords } from './cause-words.ts';
import { cleanText } from './clean-text.ts';
import { en } from './english.ts';
import type { Say, WordId } from './words.ts';

export interface ProblemWords {
  readonly title: string;
  /** Not cleaned: it may hold text of a cluster. */
  readonly cause: string;
  readonly fixes: readonly Fix[];
}

export function problemWords(intl: IntlShape, problem: Problem): ProblemWords {
  const facts = Object.fromEntries(Object.entries(problem.facts).map(([name, fact]) => [name, cleanText(fact)]));
  const worded = (id: string, otherwise: string) => {
    const message = intl.messages[id];
    // A fact that the message wants and the problem lacks would show as a brace: then the core's text is better.
    if (typeof message !== 'string' || argumentsOf(message).some((name) => facts[name] === undefined)) {
      return cleanText(otherwise);
    }
    return intl.formatMessage({ id }, facts);
  };
  return {
    title: refusedRange(intl, problem.code, facts) ?? worded(`problem.${problem.code}.title`, problem.title),
    cause: causeWords(intl, { text: problem.cause, said: problem.said }),
    fixes: problem.fixes.map((fix, index) =>
      fix.kind === 'advice' ? { ...fix, text: worded(`problem.${problem.code}.fix${index + 1}`, fix.text) } : fix,
    ),
  };
}

const argumentsOf = (message: string): string[] => [...message.matchAll(/\{(\w+)/g)].map(([, name]) => name ?? '');

/** The title alone, for who has words but no component: a note of an action. */
export function problemTitle(say: Say, { code, title, facts }: Problem): string {
  const id = `problem.${code}.title`;
  const isKnown = Object.hasOwn(en, id) && argumentsOf(en[id as WordId]).every((name) => facts[name] !== undefined);
  return isKnown ? say(id as WordId, facts) : cleanText(title);
}

/** Where nothing collides (a public range, say), the core puts English words in the place of an address: the reason says it better. */
function refusedRange(intl: IntlShape, code: string, facts: Readonly<Record<string, string>>): string | null {
  const reason = `routes.reason.${facts.reason ?? ''}`;
  if (
    code !== 'route-refused' ||
    /^[\da-f.:]+(\/\d+)?$/i.test(facts.conflict ?? '') ||
    intl.messages[reason] === undefined
  ) {
    return null;
  }
  const words = intl.formatMessage({ id: reason }, facts);
  return intl.formatMessage({ id: 'routes.refusedBecause' }, { range: facts.prefix ?? '', reason: words });
}
