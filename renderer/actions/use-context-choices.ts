import { useCallback, useMemo } from 'react';
import { type ContextKey, type ContextSettings, defaultSettings } from '../../app/contract/index.ts';
import { choicesOf, withContext } from '../store/context-choices.ts';
import { useSettings } from '../store/hooks.ts';
import { sayRefusal } from './connection.ts';
import { useActionContext } from './use-action.ts';

/** What is chosen for a context, and how some of it is changed. A change that is refused is told. */
export function useContextChoices(
  key: ContextKey,
): readonly [ContextSettings, (change: Partial<ContextSettings>) => void] {
  const settings = useSettings() ?? defaultSettings;
  const context = useActionContext();
  const chosen = useMemo(() => choicesOf(settings, key), [settings, key]);
  const change = useCallback(
    (wanted: Partial<ContextSettings>) => {
      const { settings: now } = context.app.settings.store.getState();
      if (now !== null) {
        void context.app.settings.change({ contexts: withContext(now, key, wanted) }).then((result) => {
          if (!result.ok) {
            sayRefusal(context, result.problem);
          }
        });
      }
    },
    [context, key],
  );
  return [chosen, change];
}
