/** What the engine's messages and its end mean, in every phase. Pure. */
import { cause, problem } from '../../contract/index.ts';
import { type EngineEvent, problemFromWire } from '../engine-messages.ts';
import { mapRanges } from '../routing/mapped.ts';
import { decideRoutes } from '../routing/plan.ts';
import { failBringUp } from './bring-up.ts';
import { becomeConnected, hearLive, loseEngine } from './live.ts';
import { holding, isComingUp, isInForce, only, unexpected } from './outcome.ts';
import type { ConnectionState, Moment, Transition } from './state.ts';
import { beginEngineStep, currentStep, endStep, isStep, setTask } from './steps.ts';

export function hearEngine(state: ConnectionState, event: EngineEvent, moment: Moment): Transition {
  if (event.event === 'stopped') {
    // Where a failure was undone before, stopping finds nothing to undo: what was told then still holds.
    const earlier = state.held.host === 'changed' ? 0 : state.leftOnHost;
    return only({ ...holding(state, { host: 'clean' }), leftOnHost: Math.max(event.stopped.leftOver, earlier) });
  }
  if (isInForce(state)) {
    return hearLive(state, event, moment);
  }
  if (!isComingUp(state) || state.held.engine !== 'running') {
    return unexpected(state, { kind: 'engineSaid', event });
  }
  const { tasks, plan } = state.bringUp;
  const facts = { context: state.cluster.context, namespace: state.wanted.agentNamespace };
  switch (event.event) {
    case 'prepared': {
      if (tasks.prepare !== 'running' || plan === null) {
        return unexpected(state, { kind: 'engineSaid', event });
      }
      const { decisions, host } = event.prepared;
      const mapped = mapRanges(plan, decisions, state.bringUp.mapped);
      const decided = decideRoutes(plan, decisions, null, mapped.mappings);
      const bringUp = endStep(setTask(state.bringUp, 'prepare', 'done'), 'helper', moment.now);
      const next = { ...holding(state, { host: 'clean' }), leftOnHost: host.leftOver };
      const checked = { ...next, bringUp: { ...bringUp, mapped, routes: decided.routes } };
      // What was there before goes on with what is left: the rest comes back when the laptop goes elsewhere.
      if (decided.fatal !== null && !state.persistent) {
        return failBringUp(checked, 'routes', decided.fatal, moment);
      }
      return { state: checked, effects: [{ kind: 'clearTimer', timer: 'deadline' }] };
    }
    case 'step': {
      const { step } = event.step;
      return isStep(step) && tasks.connect === 'running'
        ? only({ ...state, bringUp: beginEngineStep(state.bringUp, step, moment.now) })
        : unexpected(state, { kind: 'engineSaid', event });
    }
    case 'ready': {
      if (tasks.connect !== 'running' || plan === null) {
        return unexpected(state, { kind: 'engineSaid', event });
      }
      const mapped = mapRanges(plan, event.ready.routes, state.bringUp.mapped);
      const { fatal } = decideRoutes(plan, event.ready.routes, null, mapped.mappings);
      return fatal !== null && !state.persistent
        ? failBringUp(state, 'routes', fatal, moment)
        : becomeConnected(state, plan, mapped, event.ready, moment);
    }
    case 'failed': {
      const { during, problem: because, leftOver } = event.failed;
      const step = isStep(during) ? during : during === 'prepare' ? 'helper' : currentStep(state.bringUp);
      const undone = { ...holding(state, { host: 'clean' }), leftOnHost: leftOver };
      return failBringUp(undone, step, problemFromWire(because, facts), moment);
    }
    case 'needCredentials':
      return { state, effects: [{ kind: 'sendCredentials' }] };
    case 'helperLost': {
      const because = event.problem ? problemFromWire(event.problem) : problem('helper-lost', cause('helperLink'));
      return failBringUp(state, currentStep(state.bringUp), because, moment);
    }
    case 'agentLost': {
      const because = event.problem ? problemFromWire(event.problem, facts) : problem('agent-gone', cause('agentGone'));
      return failBringUp(state, 'agent', because, moment);
    }
    default:
      return unexpected(state, { kind: 'engineSaid', event });
  }
}

export function hearEngineEnd(state: ConnectionState, because: string, moment: Moment): Transition {
  const wasEnding = state.held.engine === 'ending';
  if (state.held.engine === 'none') {
    return unexpected(state, { kind: 'engineEnded', because });
  }
  const next = holding(state, { engine: 'none' });
  if (wasEnding || next.phase === 'disconnecting') {
    return only(next);
  }
  const lost = problem('engine-ended', because || 'it ended without being asked to');
  if (isInForce(next)) {
    return loseEngine(next, lost, moment);
  }
  return isComingUp(next) ? failBringUp(next, currentStep(next.bringUp), lost, moment) : only(next);
}
