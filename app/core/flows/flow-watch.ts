/** The flows of one connection, which its engine tells only while somebody looks. */
import type { EngineCommand } from '../engine-messages.ts';
import type { EngineFlow, EngineFlows } from '../flow-messages.ts';
import type { Clock } from '../ports.ts';

/** What is known now. An unchanged flow stays the same object. */
export interface FlowsNow extends Omit<EngineFlows, 'all' | 'changed' | 'gone'> {
  readonly byId: ReadonlyMap<number, EngineFlow>;
  readonly at: number;
}

export interface FlowWatch {
  /** Somebody looks until what it answers is called. */
  hold(): () => void;
  /** Null before anything is known, and while nobody looks. */
  now(): FlowsNow | null;
  /** Another engine begins, which was told nothing yet. */
  begin(): void;
  heard(event: EngineFlows): void;
  /** The engine is gone, and with it every connection. */
  ended(): void;
}

export function createFlowWatch(clock: Clock, send: (command: EngineCommand) => void, changed: () => void): FlowWatch {
  let now: FlowsNow | null = null;
  let lookers = 0;
  const tell = (watched: boolean) => send({ command: 'flows', flows: { watched } });
  return {
    hold: () => {
      let isHeld = true;
      lookers += 1;
      if (lookers === 1) {
        tell(true);
      }
      return () => {
        if (isHeld) {
          isHeld = false;
          lookers -= 1;
          if (lookers === 0) {
            now = null;
            tell(false);
          }
        }
      };
    },
    now: () => now,
    begin: () => {
      if (lookers > 0) {
        tell(true);
      }
    },
    heard: ({ all, changed: flows, gone, ...rest }) => {
      if (lookers === 0) {
        return; // told before the engine heard that nobody looks any more
      }
      const byId = new Map(all ? [] : now?.byId);
      for (const id of gone) {
        byId.delete(id);
      }
      for (const flow of flows) {
        byId.set(flow.id, flow);
      }
      now = { ...rest, byId, at: clock.now() };
      changed();
    },
    ended: () => {
      if (now !== null) {
        now = { ...now, byId: new Map(), live: 0, opening: 0, at: clock.now() };
        changed();
      }
    },
  };
}
