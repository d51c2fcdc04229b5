/**
 * Logins that wait for their user: what credential plugins say meanwhile, whoever asked for the cluster. Plugins of one
 * context run one after the other: the second finds in its cache what the first one fetched, and no two codes are shown.
 */
import { type Cause, type Context, causeText, keyText, type Login } from '../../contract/index.ts';
import type { Clock } from '../ports.ts';

/** A plugin that has ended by then only complained; milliseconds since its first words. */
export const loginPatience = 1000;

/** Longest text of a plugin that is passed on, in characters: its end, where a code stands. */
const longestSaid = 2000;

type Key = Pick<Context, 'name' | 'file'>;
type Listener = (detail: Cause | null) => void;

export interface Logins {
  present(): Login[];
  /** Answers what hears the waiting of one cluster of this context (ClusterPort.watchWaiting), and tells `also`. */
  listenTo(context: Key, also?: Listener): Listener;
  /** Runs what opens a cluster of this context after all that were asked for before it have ended; `stop` ends it, null: nothing here does. */
  inTurn<Value>(context: Key, open: () => Promise<Value>, stop: (() => void) | null): Promise<Value>;
  /** A cluster of this context is being opened, which may wait for its user. */
  isAwaited(context: Key): boolean;
  /** Stops all that are in turn. */
  cancel(context: Key): void;
}

export function createLogins(clock: Clock, changed: () => void): Logins {
  const waiting = new Set<Omit<Login, 'cancellable'>>();
  const turns = new Map<string, Promise<unknown>>();
  const stops = new Map<string, Set<() => void>>();
  const keyOf = ({ name: context, file }: Key) => keyText({ context, file });

  return {
    present: () => [...waiting].map((login) => ({ ...login, cancellable: (stops.get(keyText(login))?.size ?? 0) > 0 })),

    listenTo: ({ name: context, file }, also) => {
      let said = '';
      let shown: Omit<Login, 'cancellable'> | null = null;
      let cancel: (() => void) | null = null;
      const show = (since: number) => {
        if (shown !== null) {
          waiting.delete(shown);
        }
        shown = { context, file, said, since };
        waiting.add(shown);
        changed();
      };
      const end = () => {
        cancel?.();
        cancel = null;
        if (shown !== null) {
          waiting.delete(shown);
          shown = null;
          changed();
        }
      };
      return (detail) => {
        also?.(detail);
        if (detail?.id !== 'pluginWaits') {
          end();
          return;
        }
        said = causeText(detail.values.said ?? '').slice(-longestSaid);
        if (shown !== null) {
          show(shown.since);
        } else if (cancel === null) {
          const since = clock.now();
          cancel = clock.after(loginPatience, () => show(since));
        }
      };
    },

    inTurn: (context, open, stop) => {
      const key = keyOf(context);
      const queue = stops.get(key) ?? new Set();
      stops.set(key, stop === null ? queue : queue.add(stop));
      const turn = (turns.get(key) ?? Promise.resolve()).then(open, open);
      turns.set(key, turn);
      const leave = () => {
        if (stop !== null) {
          queue.delete(stop);
        }
        if (turns.get(key) === turn) {
          turns.delete(key);
          stops.delete(key);
        }
      };
      turn.then(leave, leave);
      return turn;
    },

    isAwaited: (context) => turns.has(keyOf(context)),

    cancel: (context) => {
      for (const stop of [...(stops.get(keyOf(context)) ?? [])]) {
        stop();
      }
    },
  };
}
