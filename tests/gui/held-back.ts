/** Keeps what the core answers from a page until it is let go, as a slow cluster or a busy machine does. */
import type { BrowserContext } from 'playwright-core';
import { type CommandName, downwardSchema, type StreamName, upwardSchema } from '../../app/contract/index.ts';

export interface HeldBack {
  /** For `beforePage` of a stage. */
  readonly within: (context: BrowserContext) => Promise<void>;
  /** Lets go what was kept, and everything after it. */
  readonly release: () => void;
}

/** Holds the items of these streams and the replies to these commands. */
export function heldBack(names: readonly (StreamName | CommandName)[]): HeldBack {
  const isHeld = new Set<string>(names);
  const kept: (() => void)[] = [];
  let isReleased = false;
  const read = (line: string): unknown => JSON.parse(line);
  return {
    within: (context) =>
      context.routeWebSocket(/\/link$/, (page) => {
        const core = page.connectToServer();
        const nameOf = new Map<number, string>();
        page.onMessage((line) => {
          const said = upwardSchema.safeParse(read(String(line)));
          if (said.success && said.data.kind === 'call') {
            nameOf.set(said.data.id, said.data.command);
          } else if (said.success && said.data.kind === 'subscribe') {
            nameOf.set(said.data.id, said.data.stream);
          }
          core.send(line);
        });
        core.onMessage((line) => {
          const said = downwardSchema.safeParse(read(String(line)));
          const name =
            said.success && (said.data.kind === 'reply' || said.data.kind === 'item') ? nameOf.get(said.data.id) : '';
          if (!isReleased && isHeld.has(name ?? '')) {
            kept.push(() => page.send(line));
          } else {
            page.send(line);
          }
        });
      }),
    release: () => {
      isReleased = true;
      for (const send of kept.splice(0)) {
        send();
      }
    },
  };
}
