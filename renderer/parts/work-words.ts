/** How long work is called, and what it says that it does. Pure. */
import type { Work } from '../../app/contract/index.ts';
import { en } from '../words/english.ts';
import type { Say, WordId } from '../words/words.ts';

export const workNames: Readonly<Record<Work['kind'], WordId>> = {
  'sandbox-start': 'work.sandbox-start',
  'sandbox-stop': 'work.sandbox-stop',
  report: 'work.report',
};

/** What it does now: in the window's words where they are known, else as the work says it. */
export function workText(say: Say, { text, state }: Pick<Work, 'text' | 'state'>): string {
  if (state === 'cancelling') {
    return say('work.cancelling');
  }
  const id = `work.stage.${text.toLowerCase().replaceAll(' ', '-')}`;
  return text === '' ? say('work.begins') : Object.hasOwn(en, id) ? say(id as WordId) : text;
}

const ends = {
  'sandbox-start': { done: 'work.started', failed: 'work.startFailed', cancelled: 'work.startCancelled' },
  'sandbox-stop': { done: 'work.stopped', failed: 'work.stopFailed', cancelled: 'work.stopCancelled' },
  report: { done: 'work.reportReady', failed: 'work.reportFailed', cancelled: 'work.reportCancelled' },
} as const satisfies Record<Work['kind'], Record<'done' | 'failed' | 'cancelled', WordId>>;

/** What became of it; null while it is under way. */
export function endWords({ kind, state }: Pick<Work, 'kind' | 'state'>): WordId | null {
  return state === 'running' || state === 'cancelling' ? null : ends[kind][state];
}

/** Work that was under way in the one list and has ended in the other. */
export function endedBetween(before: readonly Work[], after: readonly Work[]): readonly Work[] {
  const running = new Set(before.filter(({ endedAt }) => endedAt === null).map(({ id }) => id));
  return after.filter(({ id, endedAt }) => endedAt !== null && running.has(id));
}
