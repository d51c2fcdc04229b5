import { type ReactNode, useEffect, useState } from 'react';
import type { IntlShape } from 'react-intl';
import { createWords, type Language, loadMessages, localeFor, WordsContext } from './words.ts';

/** Says everything below in a language; while another one loads, the old one stays. Nothing shows before the first. */
export function WordsProvider({ language, children }: { readonly language: Language; readonly children: ReactNode }) {
  const [intl, setIntl] = useState<IntlShape | null>(null);
  useEffect(() => {
    let isWanted = true;
    void loadMessages(language).then((messages) => {
      if (isWanted) {
        document.documentElement.lang = language;
        setIntl(createWords(localeFor(language, navigator.languages), messages));
      }
    });
    return () => {
      isWanted = false;
    };
  }, [language]);
  return intl === null ? null : <WordsContext value={intl}>{children}</WordsContext>;
}
