import { useEffect } from 'react';
import { defaultSettings } from '../../app/contract/index.ts';
import { CopyContext } from '../kit/copying.ts';
import { KeyNamesContext } from '../kit/KeyHint.tsx';
import { TooltipProvider } from '../kit/Tooltip.tsx';
import { useLook } from '../kit/theme.ts';
import type { App } from '../store/app.ts';
import { AppContext, useApp, useSettings } from '../store/hooks.ts';
import { WordsProvider } from '../words/WordsProvider.tsx';
import { languageFor } from '../words/words.ts';
import { Frame } from './Frame.tsx';

/** The whole window over one app. */
export function SlipwayWindow({ app }: { readonly app: App }) {
  return (
    <AppContext value={app}>
      <Dressed />
    </AppContext>
  );
}

/** Theme and language, as the settings say; the system's until they are known. */
function Dressed() {
  const { host } = useApp();
  const settings = useSettings() ?? defaultSettings;
  useLook(settings);
  useEffect(() => host.setTheme(settings.theme), [host, settings.theme]);
  return (
    <WordsProvider language={languageFor(settings.language, navigator.languages)}>
      <KeyNamesContext value={host.platform === 'darwin' ? 'mac' : 'other'}>
        <CopyContext value={host.copyText}>
          <TooltipProvider delayDuration={500} skipDelayDuration={200}>
            <Frame />
          </TooltipProvider>
        </CopyContext>
      </KeyNamesContext>
    </WordsProvider>
  );
}
