/** Watches the connections for the activity: remembers their states and notes what changed since it looked last. */
import type { ConnectionState } from '../connection/state.ts';
import type { Activity } from './activity.ts';
import { notesOfChange } from './changes.ts';

export function watchConnections(
  activity: Activity,
  states: () => ReadonlyMap<string, ConnectionState>,
  now: () => number,
): () => void {
  let before: ReadonlyMap<string, ConnectionState> = new Map();
  return () => {
    const after = states();
    const earlier = before;
    before = after; // first: noting may lead back here
    for (const [key, state] of after) {
      notesOfChange(earlier.get(key) ?? null, state, now()).forEach(activity.note);
    }
  };
}
