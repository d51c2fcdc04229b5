import type { Connection, Context } from '../../../app/contract/index.ts';
import { isContextOn, toggleConnection } from '../../actions/connection.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Badge, type Tone } from '../../kit/Badge.tsx';
import { StateDot, type StateName } from '../../kit/StateDot.tsx';
import { Switch } from '../../kit/Switch.tsx';
import { Tooltip } from '../../kit/Tooltip.tsx';
import { shareOf, stateOf } from '../../parts/connection-state.ts';
import { useApp, useIsLive } from '../../store/hooks.ts';
import { contextKey } from '../../store/listings.ts';
import { useWords } from '../../words/words.ts';

const tones: Readonly<Record<StateName, Tone>> = {
  off: 'plain',
  preparing: 'accent',
  connected: 'fine',
  degraded: 'careful',
  reconnecting: 'careful',
  disconnecting: 'plain',
  failed: 'bad',
  unknown: 'plain',
};

/** The state in a word, and the one switch. */
export function PowerSwitch({
  context,
  connection,
}: {
  readonly context: Context;
  readonly connection: Connection | null;
}) {
  const say = useWords();
  const app = useApp();
  const run = useRunAction();
  const isLive = useIsLive();
  const state = stateOf(connection, isLive);
  const phase = connection?.phase ?? 'off';
  return (
    <>
      <span role="status">
        <Badge tone={tones[state]} mark={<StateDot state={state} share={shareOf(connection)} />}>
          {say(`state.${state}`)}
        </Badge>
      </span>
      <Tooltip text={say('home.switchHint')} keys={toggleConnection.keys} side="left">
        <span>
          <Switch
            size="large"
            label={say('home.switch', { name: context.name })}
            isOn={phase === 'disconnecting' || !isLive ? false : isContextOn(app, contextKey(context))}
            isBusy={isLive && (phase === 'preparing' || phase === 'reconnecting' || phase === 'disconnecting')}
            isBad={phase === 'failed'}
            isDisabled={!isLive || context.problem !== null || phase === 'disconnecting'}
            onChange={() => run(toggleConnection)}
          />
        </span>
      </Tooltip>
    </>
  );
}
