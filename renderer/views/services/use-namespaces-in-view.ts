import { useCallback } from 'react';
import { type ContextKey, isSameKey, type Settings } from '../../../app/contract/index.ts';
import { sayRefusal } from '../../actions/connection.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { useSettings } from '../../store/hooks.ts';

const none: readonly string[] = [];

/** The namespaces whose Services are listed (empty: all), kept for each context in the settings. */
export function useNamespacesInView(
  key: ContextKey,
): readonly [readonly string[], (namespaces: readonly string[]) => void] {
  const settings = useSettings();
  const context = useActionContext();
  const chosen = settings?.contexts.find((one) => isSameKey(one, key))?.namespacesInView ?? none;
  const change = useCallback(
    (namespaces: readonly string[]) => {
      const { settings: now } = context.app.settings.store.getState();
      if (now !== null) {
        void context.app.settings.change({ contexts: withNamespaces(now.contexts, key, namespaces) }).then((result) => {
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

/** The choices of all contexts with the namespaces of one changed. */
export function withNamespaces(
  contexts: Settings['contexts'],
  key: ContextKey,
  namespaces: readonly string[],
): Settings['contexts'] {
  const own = contexts.find((one) => isSameKey(one, key));
  const others = contexts.filter((one) => one !== own);
  const plain = { ...key, agentNamespace: '', agentImage: '', baseImage: '', homeNamespace: '' };
  return [...others, { ...(own ?? plain), namespacesInView: [...namespaces] }];
}
