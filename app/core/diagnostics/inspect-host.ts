/**
 * Asks the helper how the laptop is, through an engine that is started for this question alone: the engine is the
 * helper's only client. Nothing is changed; the engine is ended before the answer comes back.
 */
import { cause, failure, problem, type Result, success } from '../../contract/index.ts';
import { type Prepared, problemFromWire } from '../engine-messages.ts';
import type { EngineLink, Ports } from '../ports.ts';
import { inMessage, type WantedRoutes } from '../route-messages.ts';
import { mapRanges, nothingMapped, wantedWith } from '../routing/mapped.ts';
import { decideRoutes, type RangePlan, type RoutesDecided } from '../routing/plan.ts';

/** How long the helper may take to answer, in milliseconds. It may replay a journal first. */
const answerDeadline = 10_000;
/** While an engine that was killed is being undone, the helper is busy: asked again after this many milliseconds. */
const busyPause = 250;
const busyTries = 12;

const noRoutes: WantedRoutes = { ranges: [], nodes: [] };

export async function inspectHost(
  ports: Ports,
  routes: WantedRoutes = noRoutes,
  protectedAddresses: readonly string[] = [],
): Promise<Result<Prepared>> {
  const helper = await ports.helper.ensure();
  if (!helper.ok) {
    return helper;
  }
  const started = await ports.engine.start();
  if (!started.ok) {
    return started;
  }
  const engine = started.value;
  try {
    for (let tries = 1; ; tries += 1) {
      const answer = await prepare(ports, engine, routes, protectedAddresses);
      const isBusy = !answer.ok && answer.problem.code === 'helper-busy';
      if (!isBusy || tries >= busyTries) {
        return answer;
      }
      await new Promise<void>((resolve) => void ports.clock.after(busyPause, resolve));
    }
  } finally {
    await engine.end(2000);
  }
}

/** What a connect would do with the ranges of a plan on the laptop as it is. */
export async function inspectRoutes(
  ports: Ports,
  plan: RangePlan,
  protectedAddresses: readonly string[],
): Promise<Result<RoutesDecided & Pick<Prepared, 'host'>>> {
  const before = mapRanges(plan, [], nothingMapped);
  const inspected = await inspectHost(ports, wantedWith(plan, before), protectedAddresses);
  if (!inspected.ok) {
    return inspected;
  }
  const { host, decisions } = inspected.value;
  const { mappings } = mapRanges(plan, decisions, before);
  return success({ host, ...decideRoutes(plan, decisions, null, mappings) });
}

function prepare(
  ports: Ports,
  engine: EngineLink,
  routes: WantedRoutes,
  protectedAddresses: readonly string[],
): Promise<Result<Prepared>> {
  return new Promise((resolve) => {
    const cancel = ports.clock.after(answerDeadline, () =>
      resolve(failure(problem('helper-lost', cause('helperSilent', { seconds: answerDeadline / 1000 })))),
    );
    const settle = (result: Result<Prepared>) => {
      cancel();
      resolve(result);
    };
    engine.listen((event) => {
      if (event.event === 'prepared') {
        settle(success(event.prepared));
      } else if (event.event === 'failed') {
        settle(failure(problemFromWire(event.failed.problem)));
      } else if (event.event === 'helperLost') {
        settle(failure(problem('helper-lost', event.problem?.cause ?? cause('helperLink'))));
      }
    });
    void engine.ended.then((because) => settle(failure(problem('engine-ended', because || 'it ended'))));
    engine.send({
      command: 'prepare',
      prepare: { helperSocket: ports.helper.socket, ...inMessage(routes), protected: [...protectedAddresses] },
    });
  });
}
