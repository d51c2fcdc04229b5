import { useEffect } from 'react';
import { endedBetween, endWords } from '../parts/work-words.ts';
import { useApp } from '../store/hooks.ts';
import { problemWords } from '../words/problem-words.ts';
import { useIntl, useWords } from '../words/words.ts';

/** Says what became of long work, wherever one looks when it ends. */
export function WorkToasts() {
  const say = useWords();
  const intl = useIntl();
  const { mirror, toasts, window } = useApp();
  useEffect(() => {
    let before = mirror.getState().snapshot;
    return mirror.subscribe(({ snapshot }) => {
      const isSameCore = before?.processId === snapshot?.processId;
      const ended = isSameCore ? endedBetween(before?.work ?? [], snapshot?.work ?? []) : [];
      before = snapshot;
      for (const work of ended) {
        const words = endWords(work);
        // A report that is ready shows itself where one waits for it.
        const isSeen = work.kind === 'report' && work.state !== 'failed' && window.getState().view === 'diagnostics';
        if (words !== null && !isSeen) {
          const why = work.problem === null ? '' : `: ${problemWords(intl, work.problem).title}`;
          toasts.getState().show({ tone: work.state === 'failed' ? 'bad' : 'fine', text: `${say(words)}${why}` });
        }
      }
    });
  }, [mirror, toasts, window, say, intl]);
  return null;
}
