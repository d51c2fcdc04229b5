import { Check } from 'lucide-react';
import { type ContextKey, connectionOf, defaultSettings, type Route } from '../../../app/contract/index.ts';
import { sayRefusal } from '../../actions/connection.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { Menu, MenuItem } from '../../kit/Menu.tsx';
import { choicesOf, withContext } from '../../store/context-choices.ts';
import { useMirror, useSettings } from '../../store/hooks.ts';
import { type RangeWord, withWord, wordOnRange, wordsFor } from '../../store/range-words.ts';
import { useWords, type WordId } from '../../words/words.ts';

const wordsOf: Readonly<Record<RangeWord, WordId>> = {
  best: 'routes.word.best',
  routed: 'routes.word.routed',
  narrowed: 'routes.word.narrowed',
  mapped: 'routes.word.mapped',
  excluded: 'routes.word.excluded',
};

/** The user's own decision on a range of one cluster. It counts at once; `changed` follows when it is saved. */
export function RangeChoice({
  route,
  routes,
  context,
  changed,
}: {
  readonly route: Route;
  /** All ranges of the cluster. */
  readonly routes: readonly Route[];
  readonly context: ContextKey;
  readonly changed?: (() => void) | undefined;
}) {
  const say = useWords();
  const byProxy = useMirror(({ snapshot }) => {
    const connection = connectionOf(snapshot, context);
    return connection?.phase === 'connected' && connection.proxy !== undefined;
  });
  const actions = useActionContext();
  const settings = useSettings() ?? defaultSettings;
  const { prefix } = route;
  const chosen = wordOnRange(prefix, choicesOf(settings, context), settings);
  const choices = wordsFor(route, settings, { byProxy, chosen });
  if (choices.length === 0) {
    return null;
  }
  const choose = async (word: RangeWord) => {
    const { settings: now } = actions.app.settings.store.getState();
    if (now === null || word === chosen) {
      return;
    }
    const before = { own: choicesOf(now, context), excludedRanges: now.excludedRanges };
    const { own, excludedRanges } = withWord(prefix, word, { ...before, all: routes.map((one) => one.prefix) });
    const result = await actions.app.settings.change({ excludedRanges, contexts: withContext(now, context, own) });
    if (!result.ok) {
      sayRefusal(actions, result.problem);
      return;
    }
    actions.app.toasts.getState().show({ tone: 'fine', text: say('routes.wordChanged', { range: prefix }) });
    changed?.();
  };
  return (
    <Menu
      label={say('routes.changeRange', { range: prefix })}
      trigger={
        <Button kind="ghost" size="small" aria-label={say('routes.changeRange', { range: prefix })}>
          {say('routes.change')}
        </Button>
      }
    >
      {choices.map((word) => (
        <MenuItem key={word} {...(word === chosen ? { icon: Check } : {})} onSelect={() => void choose(word)}>
          {say(wordsOf[word])}
        </MenuItem>
      ))}
    </Menu>
  );
}
