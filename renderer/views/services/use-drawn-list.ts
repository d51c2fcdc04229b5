import { useEffect, useRef } from 'react';
import { useApp } from '../../store/hooks.ts';
import { serviceKey } from '../../store/list-feed.ts';
import type { ListEntry } from './list-entries.ts';

/** Tells the keys which rows are in the list that is drawn (store/list-on-screen.ts). */
export function useDrawnList(matching: readonly ListEntry[], settle: () => void): void {
  const { listOnScreen } = useApp();
  const drawn = useRef(matching);
  drawn.current = matching;
  useEffect(
    () =>
      listOnScreen.draw({
        settle,
        holds: (at) => {
          const wanted = serviceKey(at);
          return drawn.current.some(({ key }) => key === wanted);
        },
      }),
    [listOnScreen, settle],
  );
}
