/**
 * The activity: what happened, kept in a ring and in a store that outlives the core. Entries come from changes of state
 * (changes.ts) and from notes of handlers; whoever repeats itself is silenced, so that the list stays readable.
 */
import type { ActivityEntry, ActivityKind, Problem } from '../../contract/index.ts';
import type { ActivityStorePort, Clock, Log } from '../ports.ts';

/** How many entries are kept. */
export const activityLength = 2000;

/** More entries than this of one kind about one context within a minute are a storm: the further ones are left out. */
const stormCount = 20;
const stormTime = 60_000;

/** An entry as somebody writes it; id and time are given here. */
export interface Note {
  readonly kind: ActivityKind;
  /** `info` where nothing is said. */
  readonly severity?: ActivityEntry['severity'];
  readonly context?: string;
  readonly facts?: Readonly<Record<string, string>>;
  readonly problem?: Problem | null;
}

export interface Activity {
  note(note: Note): void;
  /** The newest ones, oldest first. */
  list(limit: number): ActivityEntry[];
  /** Those with a higher id, oldest first. */
  after(id: number): readonly ActivityEntry[];
  /** Takes up what an earlier core kept. Entries written before this come after what was kept. */
  restore(): Promise<void>;
}

export function createActivity(clock: Clock, log: Log, store: ActivityStorePort, heard: () => void): Activity {
  let entries: ActivityEntry[] = [];
  let nextId = 1;
  let isBroken = false;

  const keep = (kept: readonly ActivityEntry[]) => {
    store.append(kept).then(
      (result) => {
        if (!result.ok && !isBroken) {
          log.warning('the activity could not be kept', { code: result.problem.code, cause: result.problem.cause });
        }
        isBroken = !result.ok;
      },
      (error: unknown) => log.warning('the activity could not be kept', { error }),
    );
  };
  const isStorm = ({ kind, context = '' }: Note, now: number) => {
    const alike = entries.filter((entry) => entry.kind === kind && entry.context === context);
    const early = alike.at(-stormCount);
    return early !== undefined && now - early.at < stormTime;
  };

  return {
    note: (note) => {
      const at = clock.now();
      if (isRepetition(entries, note) || isStorm(note, at)) {
        return;
      }
      const { kind, severity = 'info', context = '', facts = {}, problem = null } = note;
      const entry: ActivityEntry = { id: nextId, at, kind, severity, context, facts: { ...facts }, problem };
      nextId += 1;
      entries = [...entries.slice(1 - activityLength), entry];
      keep([entry]);
      heard();
    },
    list: (limit) => entries.slice(-limit),
    after: (id) => entries.slice(entries.findIndex((entry) => entry.id > id) >>> 0),
    restore: async () => {
      const kept = (await store.read()).slice(-activityLength);
      const together = [...kept, ...entries].slice(-activityLength);
      entries = together.map((entry, index) => ({ ...entry, id: index + 1 }));
      nextId = entries.length + 1;
      heard();
    },
  };
}

/** A connection that is tried again and again fails for the same reason: that is one thing that happened. */
function isRepetition(entries: readonly ActivityEntry[], { kind, context = '', problem }: Note): boolean {
  if (kind !== 'connect-failed') {
    return false;
  }
  const last = entries.findLast((entry) => entry.context === context);
  return last?.kind === kind && last.problem?.code === problem?.code;
}
