/** What is chosen for one context, out of the settings of all. Pure. */
import {
  type ContextKey,
  type ContextSettings,
  isSameKey,
  nothingChosen,
  type Settings,
} from '../../app/contract/index.ts';

type Chosen = Pick<Settings, 'contexts'>;

export function choicesOf({ contexts }: Chosen, key: ContextKey): ContextSettings {
  return contexts.find((one) => isSameKey(one, key)) ?? { ...nothingChosen, ...key };
}

/** The list of settings by context with some of one context's changed. */
export function withContext(settings: Chosen, key: ContextKey, change: Partial<ContextSettings>): Settings['contexts'] {
  const others = settings.contexts.filter((one) => !isSameKey(one, key));
  return [...others, { ...choicesOf(settings, key), ...change }];
}
