import { type ReactNode, useState } from 'react';
import { sampleHost } from '../../preview/sample-host.ts';
import { createApp } from '../../store/app.ts';
import { AppContext } from '../../store/hooks.ts';
import { WordsProvider } from '../../words/WordsProvider.tsx';
import type { Language } from '../../words/words.ts';
import { CopyContext } from '../copying.ts';
import { Select } from '../Select.tsx';
import { Toaster } from '../Toaster.tsx';
import { TooltipProvider } from '../Tooltip.tsx';
import { type Look, useLook } from '../theme.ts';
import { ActionsPart } from './ActionsPart.tsx';
import { FieldsPart } from './FieldsPart.tsx';
import styles from './KitPage.module.css';
import { ListsPart } from './ListsPart.tsx';
import { NoticesPart } from './NoticesPart.tsx';

const app = createApp(sampleHost('connected', {}), null);

export function KitPage({ query }: { readonly query: URLSearchParams }) {
  const [theme, setTheme] = useState<Look['theme']>(query.get('theme') === 'light' ? 'light' : 'dark');
  const [contrast, setContrast] = useState<'system' | 'more'>(query.get('contrast') === 'more' ? 'more' : 'system');
  const [language, setLanguage] = useState<Language>(query.get('language') === 'zh-CN' ? 'zh-CN' : 'en');
  useLook({ theme, contrast });
  return (
    <AppContext value={app}>
      <WordsProvider language={language}>
        <CopyContext value={async (text) => !text.startsWith('refused')}>
          <TooltipProvider delayDuration={300}>
            <main className={styles.page}>
              <header className={styles.header}>
                <h1 className={styles.title}>Slipway kit</h1>
                <Select
                  label="Theme"
                  value={theme}
                  onChange={setTheme}
                  choices={[
                    { value: 'dark', words: 'Dark' },
                    { value: 'light', words: 'Light' },
                  ]}
                />
                <Select
                  label="Contrast"
                  value={contrast}
                  onChange={setContrast}
                  choices={[
                    { value: 'system', words: 'Contrast of the system' },
                    { value: 'more', words: 'More contrast' },
                  ]}
                />
                <Select
                  label="Language"
                  value={language}
                  onChange={setLanguage}
                  choices={[
                    { value: 'en', words: 'English' },
                    { value: 'zh-CN', words: '中文' },
                  ]}
                />
              </header>
              <ActionsPart />
              <FieldsPart />
              <ListsPart look={`${theme} ${contrast}`} />
              <NoticesPart />
            </main>
            <Toaster store={app.toasts} />
          </TooltipProvider>
        </CopyContext>
      </WordsProvider>
    </AppContext>
  );
}

/** One group of pieces. */
export function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.part} aria-label={title}>
      <h2 className={styles.name}>{title}</h2>
      <div className={styles.pieces}>{children}</div>
    </section>
  );
}
