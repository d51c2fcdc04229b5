import { useCallback, useMemo } from 'react';
import { useApp } from '../store/hooks.ts';
import { useWords } from '../words/words.ts';
import type { Action, ActionContext } from './action.ts';

export function useActionContext(): ActionContext {
  const app = useApp();
  const say = useWords();
  return useMemo(() => ({ app, say }), [app, say]);
}

/** Runs an action where it is available; what a button, a key and the palette call. */
export function useRunAction(): (action: Action) => void {
  const context = useActionContext();
  return useCallback(
    (action) => {
      if (action.isAvailable(context)) {
        void action.run(context);
      }
    },
    [context],
  );
}
