import { useEffect } from 'react';

/** In milliseconds of work at a time: well under a frame. */
const spare = 6;

/** Prepares what the first letter of a search needs, in time that nobody else wants. `prepare` stays the same function. */
export function usePreparedSearch<Entry>(entries: readonly Entry[], prepare: (entry: Entry) => void): void {
  useEffect(() => prepareSearch(entries, prepare), [entries, prepare]);
}

/** Answers what ends it. */
function prepareSearch<Entry>(entries: readonly Entry[], prepare: (entry: Entry) => void): () => void {
  let at = 0;
  let isOver = false;
  const step = () => {
    const end = performance.now() + spare;
    while (at < entries.length && performance.now() < end && !isOver) {
      const entry = entries[at];
      if (entry !== undefined) {
        prepare(entry);
      }
      at += 1;
    }
    if (at < entries.length && !isOver) {
      setTimeout(step, 20);
    }
  };
  const timer = setTimeout(step, 200);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
