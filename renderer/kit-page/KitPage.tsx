import { useState } from 'react';
import { CopyContext } from '../kit/copying.ts';
import { Select } from '../kit/Select.tsx';
import { Toaster } from '../kit/Toaster.tsx';
import { TooltipProvider } from '../kit/Tooltip.tsx';
import { type Look, useLook } from '../kit/theme.ts';
import { sampleHost } from '../preview/sample-host.ts';
import { createApp } from '../store/app.ts';
import { AppContext } from '../store/hooks.ts';
import { WordsProvider } from '../words/WordsProvider.tsx';
import type { Language } from '../words/words.ts';
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
