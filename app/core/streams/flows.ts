/** The stream of a connection's flows: all that are told first, then what differs from what was told before. */
import type { Flow, FlowsItem, Service } from '../../contract/index.ts';
import type { EngineFlow } from '../flow-messages.ts';
import type { FlowsNow } from '../flows/flow-watch.ts';
import { type FindTarget, findTargets } from '../flows/targets.ts';
import type { Source } from './pump.ts';

interface Told {
  readonly heard: EngineFlow;
  readonly flow: Flow;
}

export function flowsSource(now: () => FlowsNow | null, services: () => readonly Service[] | null): Source<FlowsItem> {
  let toldOf: FlowsNow | null = null;
  let told = new Map<number, Told>();
  let indexed: readonly Service[] | null = null;
  let find: FindTarget = () => null;
  return {
    next: () => {
      const present = now();
      if (present === null || present === toldOf) {
        return null;
      }
      const known = services() ?? [];
      const isRenamed = known !== indexed;
      if (isRenamed) {
        indexed = known;
        find = findTargets(known);
      }
      const next = new Map<number, Told>();
      const changed: Flow[] = [];
      for (const [id, heard] of present.byId) {
        const before = told.get(id);
        const isSame = before?.heard === heard;
        if (before !== undefined && isSame && !isRenamed) {
          next.set(id, before);
          continue;
        }
        const flow = flowOf(heard, find);
        if (before !== undefined && isSame && JSON.stringify(before.flow.target) === JSON.stringify(flow.target)) {
          next.set(id, before);
          continue;
        }
        next.set(id, { heard, flow });
        changed.push(flow);
      }
      const gone = [...told.keys()].filter((id) => !next.has(id));
      const kind = toldOf === null ? 'all' : 'changes';
      toldOf = present;
      told = next;
      const { at, live, opening, path, roundTripMicroseconds, programsKnown } = present;
      return {
        item: { kind, changed, gone, at, live, opening, path, roundTripMicroseconds, programsKnown },
        more: false,
      };
    },
  };
}

function flowOf(heard: EngineFlow, find: FindTarget): Flow {
  const { endedAt, answerMicroseconds, tunnelMicroseconds, program, ...rest } = heard;
  const isSplit = answerMicroseconds > 0 && tunnelMicroseconds > 0;
  return {
    ...rest,
    target: find(heard.real ?? heard.destination),
    endedAt: endedAt === 0 ? null : endedAt,
    answerMicroseconds: answerMicroseconds === 0 ? null : answerMicroseconds,
    serviceMicroseconds: isSplit ? Math.max(answerMicroseconds - tunnelMicroseconds, 0) : null,
    program:
      program === null || program === undefined
        ? null
        : {
            user: program.user,
            processId: program.pid === 0 ? null : program.pid,
            name: program.name,
            executable: program.executable,
          },
  };
}
