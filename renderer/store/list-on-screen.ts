/**
 * The list of Services that is drawn, as keys need it: what is typed is drawn when there is time, and what a key does
 * must be about a row that can be seen when it is pressed.
 */
import type { ServiceKey } from '../../app/contract/index.ts';

export interface DrawnList {
  /** Draws at once what waits to be drawn. */
  settle(): void;
  holds(key: ServiceKey): boolean;
}

export interface ListOnScreen extends DrawnList {
  /** Called by the list itself; the answer is called when it is gone. */
  draw(list: DrawnList): () => void;
}

export function createListOnScreen(): ListOnScreen {
  let drawn: DrawnList | null = null;
  return {
    draw: (list) => {
      drawn = list;
      return () => {
        drawn = drawn === list ? null : drawn;
      };
    },
    settle: () => drawn?.settle(),
    // Where none is drawn nothing is hidden either.
    holds: (key) => drawn?.holds(key) ?? true,
  };
}
