/**
 * What the window says. `useWords()` answers a function that says an id in the language in force; the language changes
 * without a reload, and only the one in use is loaded. Messages are ICU (plurals, numbers, dates).
 */
import { createContext, useContext, useMemo } from 'react';
import { createIntl, createIntlCache, type IntlShape } from 'react-intl';
import { cleanText } from './clean-text.ts';
import type { WordId } from './english.ts';

export type { WordId } from './english.ts';

export type Language = 'en' | 'zh-CN';
export const languages = ['en', 'zh-CN'] as const satisfies readonly Language[];
export type Messages = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string | number | Date>>;
/** Says a message. Values of text are cleaned, for they may come from a cluster. */
export type Say = (id: WordId, values?: Values) => string;

/** The language in force: what was chosen, or the first one of the system's that we have. */
export function languageFor(chosen: 'system' | Language, system: readonly string[]): Language {
  if (chosen !== 'system') {
    return chosen;
  }
  for (const tag of system) {
    const locale = tag.toLowerCase();
    // Traditional Chinese readers are better served by simplified Chinese than by English.
    if (locale.startsWith('zh')) {
      return 'zh-CN';
    }
    if (locale.startsWith('en')) {
      return 'en';
    }
  }
  return 'en';
}

/** How numbers, dates and times are written: English as in the user's own country, where the system says which. */
export function localeFor(language: Language, system: readonly string[]): string {
  const isEnglish = (tag: string) => /^en-[a-z]{2}$/i.test(tag);
  return language === 'en' ? (system.find(isEnglish) ?? language) : language;
}

export async function loadMessages(language: Language): Promise<Messages> {
  return language === 'en' ? (await import('./english.ts')).en : (await import('./chinese.ts')).chinese;
}

export function createWords(locale: string, messages: Messages): IntlShape {
  return createIntl(
    {
      locale,
      messages: { ...messages },
      defaultLocale: 'en',
      // A word that is missing shows as its id; tests say that none is.
      onError: () => {},
      onWarn: () => {},
    },
    createIntlCache(),
  );
}

export function sayWith(intl: IntlShape): Say {
  return (id, values) => intl.formatMessage({ id }, values === undefined ? undefined : cleaned(values));
}

function cleaned(values: Values): Record<string, string | number | Date> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? cleanText(value) : value]),
  );
}

export const WordsContext = createContext<IntlShape | null>(null);

export function useIntl(): IntlShape {
  const intl = useContext(WordsContext);
  if (intl === null) {
    throw new Error('useIntl outside of WordsContext');
  }
  return intl;
}

export function useWords(): Say {
  const intl = useIntl();
  return useMemo(() => sayWith(intl), [intl]);
}
