import { type Connection, type Context, connectionOf, isSameKey, keyText } from '../../app/contract/index.ts';
import { classes } from '../kit/classes.ts';
import { ForeignText } from '../kit/ForeignText.tsx';
import { StateDot } from '../kit/StateDot.tsx';
import { isDegraded, shareOf, stateOf } from '../parts/connection-state.ts';
import { useApp, useIsLive, useMirror, useShortName, useWindow } from '../store/hooks.ts';
import { contextKey } from '../store/listings.ts';
import { nothingOpen } from '../store/window.ts';
import { type Say, useWords } from '../words/words.ts';
import styles from './Rail.module.css';

/** One cluster: its state by shape and word, its name, and what matters most about it. */
export function RailRow({ context }: { readonly context: Context }) {
  const say = useWords();
  const app = useApp();
  const connection = useMirror((mirror) => connectionOf(mirror.snapshot, contextKey(context)));
  const isChosen = useWindow((state) => state.view === 'cluster' && isSameKey(state.chosen, contextKey(context)));
  const isLive = useIsLive();
  const shortName = useShortName();
  const state = stateOf(connection, isLive);
  return (
    <button
      type="button"
      className={styles.row}
      data-roving=""
      data-focus-key={`context ${keyText(contextKey(context))}`}
      aria-current={isChosen ? 'page' : undefined}
      onClick={() => app.window.setState({ view: 'cluster', chosen: contextKey(context), ...nothingOpen })}
    >
      <StateDot state={state} share={shareOf(connection)} />
      <span className={styles.words}>
        <ForeignText text={shortName(context.name)} title={context.name} className={styles.name} />
        <span className={classes(styles.detail, state === 'failed' && styles.bad)}>
          {state === 'unknown' ? say('state.unknown') : detail(say, context, connection)}
        </span>
      </span>
    </button>
  );
}

function detail(say: Say, context: Context, connection: Connection | null): string {
  switch (connection?.phase) {
    case 'connected': {
      const path = say(`state.path.${connection.path}`);
      const home = connection.homeNamespace === '' ? path : `${connection.homeNamespace} · ${path}`;
      return isDegraded(connection) ? `${say('state.degraded')} · ${home}` : home;
    }
    case 'preparing':
      return `${say('state.preparing')} · ${say(`state.step.${connection.step}`)}`;
    case 'failed':
      return failedWords(say, connection.because.code);
    case undefined:
      if (context.problem !== null) {
        return say('shell.brokenContext');
      }
      return context.confirmed
        ? say('state.off')
        : say(context.changes.length > 0 ? 'shell.changed' : 'shell.unconfirmed');
    default:
      return say(`state.${connection?.phase ?? 'off'}`);
  }
}

function failedWords(say: Say, code: string): string {
  if (code === 'forbidden') {
    return say('shell.needsRole');
  }
  return code === 'unauthorized' ? say('shell.needsLogin') : say('state.failed');
}
