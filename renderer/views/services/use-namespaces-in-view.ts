import { useCallback } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { useContextChoices } from '../../actions/use-context-choices.ts';

/** The namespaces whose Services are listed (empty: all), kept for each context in the settings. */
export function useNamespacesInView(
  key: ContextKey,
): readonly [readonly string[], (namespaces: readonly string[]) => void] {
  const [{ namespacesInView }, change] = useContextChoices(key);
  const view = useCallback((namespaces: readonly string[]) => change({ namespacesInView: [...namespaces] }), [change]);
  return [namespacesInView, view];
}
