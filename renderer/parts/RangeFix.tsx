import type { Problem } from '../../app/contract/index.ts';
import { sayRefusal } from '../actions/connection.ts';
import { goSettings } from '../actions/go.ts';
import { useActionContext, useRunAction } from '../actions/use-action.ts';
import { Button } from '../kit/Button.tsx';
import { useSettings } from '../store/hooks.ts';
import { useWords } from '../words/words.ts';

/** Whether a problem is about a range that a setting decides. */
export function isAboutRange({ code, facts }: Problem): boolean {
  return (facts.prefix ?? '') !== '' && ['route-refused', 'services-excluded', 'pods-excluded'].includes(code);
}

/**
 * The setting itself, where a problem is about it: leaves out the range that collides, or takes it back; where it is no
 * entry of its own, the settings are shown. `changed` follows, once it is saved.
 */
export function RangeFix({ problem, changed }: { readonly problem: Problem; readonly changed?: () => void }) {
  const say = useWords();
  const actions = useActionContext();
  const run = useRunAction();
  const excluded = useSettings()?.excludedRanges ?? [];
  const { prefix = '' } = problem.facts;
  const isLeftOut = problem.code !== 'route-refused';
  const isEntry = excluded.includes(prefix);
  const change = async () => {
    const excludedRanges = isLeftOut ? excluded.filter((range) => range !== prefix) : [...excluded, prefix];
    const result = await actions.app.settings.change({ excludedRanges });
    if (!result.ok) {
      sayRefusal(actions, result.problem);
      return;
    }
    actions.app.toasts.getState().show({
      tone: 'fine',
      text: say(isLeftOut ? 'home.rangeBack' : 'home.rangeLeftOut', { range: prefix }),
    });
    changed?.();
  };
  return (
    <>
      {isLeftOut === isEntry ? (
        <Button onClick={() => void change()}>
          {say(isLeftOut ? 'home.takeRangeBack' : 'home.leaveRangeOut', { range: prefix })}
        </Button>
      ) : null}
      <Button kind="ghost" onClick={() => run(goSettings)}>
        {say('home.rangeSettings')}
      </Button>
    </>
  );
}
