import { useEffect } from 'react';
import { CopyContext } from '../kit/copying.ts';
import { KeyNamesContext } from '../kit/KeyHint.tsx';
import { InvocationContext } from '../kit/ProblemCard.tsx';
import { TooltipProvider } from '../kit/Tooltip.tsx';
import { useLook } from '../kit/theme.ts';
import type { App } from '../store/app.ts';
import { AppContext, useApp, usePlace, useWindow } from '../store/hooks.ts';
import { WordsProvider } from '../words/WordsProvider.tsx';
import { languageFor } from '../words/words.ts';
import { Frame, type Pages } from './Frame.tsx';

/** The whole window over one app. */
export function SlipwayWindow({ app, pages }: { readonly app: App; readonly pages: Pages }) {
  return (
    <AppContext value={app}>
      <Dressed pages={pages} />
    </AppContext>
  );
}

/** Theme and language, as the settings say; as they last were until the core told them. */
function Dressed({ pages }: { readonly pages: Pages }) {
  const { host } = useApp();
  const look = useWindow((state) => state.look);
  const { invocation } = usePlace();
  useLook(look);
  useEffect(() => host.setTheme(look.theme), [host, look.theme]);
  return (
    <WordsProvider language={languageFor(look.language, navigator.languages)}>
      <KeyNamesContext value={host.platform === 'darwin' ? 'mac' : 'other'}>
        <CopyContext value={host.copyText}>
          <InvocationContext value={invocation}>
            <TooltipProvider delayDuration={500} skipDelayDuration={200}>
              <Frame pages={pages} />
            </TooltipProvider>
          </InvocationContext>
        </CopyContext>
      </KeyNamesContext>
    </WordsProvider>
  );
}
