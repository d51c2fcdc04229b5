/**
 * The connection machine: a pure function (state, event, moment) → {state, effects}. It decides everything about one
 * connection and does nothing; the runner does what the effects say and reports back as events. An event that a
 * state does not expect changes nothing and is logged: late answers are the rule, not the exception.
 *
 *  off ──turnedOn──▶ preparing ──ready──▶ connected ──tunnel down, agent lost──▶ tunnel-lost
 *   ▲                  │    ▲                 │  ▲                               │  │    │
 *   │            failed│    │turnedOn,        │  └────────tunnel up──────────────┘  │    │engine or helper gone,
 *   │                  │    │retry due        │engine or helper gone                │    │recover
 *   │                  ▼    │                 ▼                                     │    ▼
 *   ├◀─undone── disconnecting ◀──turnedOff, or no recover, or pointless─────────────┴─ engine-lost (brought up again)
 *   │                  │                                                                 │
 *   └◀─turnedOff── failed ◀── undone, after a failure                     connected ◀────┘ ready
 *
 * Frontends see `tunnel-lost` and `engine-lost` as one phase, `reconnecting`.
 * Every way from a state that holds something leads through `disconnecting`, which ends only when nothing is held.
 */
import { type Cause, problem, waitsForUser } from '../../contract/index.ts';
import { mapRanges, nothingMapped } from '../routing/mapped.ts';
import { planRanges } from '../routing/plan.ts';
import { advance, failBringUp, missDeadline, stepOf } from './bring-up.ts';
import { changePolicy } from './change-policy.ts';
import { offerDirect, takeOffer } from './direct-path.ts';
import { hearEngine, hearEngineEnd } from './engine-events.ts';
import {
  catalogueGathering,
  failAgentWork,
  failCredentials,
  replaceAgent,
  settleReach,
  takeAgentCheck,
  takePolicies,
} from './live.ts';
import { holding, isComingUp, isEstablished, isInForce, only, sendCatalogue, unexpected } from './outcome.ts';
import { takeRanges } from './replan.ts';
import type { ComingUp, ConnectionEvent, ConnectionState, Moment, Order, Transition } from './state.ts';
import { currentStep, endStep, setTask } from './steps.ts';
import { beginUndo, giveUpAgent, settleUndo, startPreparing } from './undo.ts';

export function transition(state: ConnectionState, event: ConnectionEvent, moment: Moment): Transition {
  const heard = hear(state, event, moment);
  return settle(heard, moment);
}

/** Lets the new state begin what it can until it waits for something. */
function settle(heard: Transition, moment: Moment): Transition {
  let { state } = heard;
  const effects = [...heard.effects];
  for (;;) {
    const before = state;
    const next: Transition =
      state.phase === 'disconnecting'
        ? settleUndo(state, moment)
        : isComingUp(state)
          ? advance(state, moment)
          : { state, effects: [] };
    state = next.state;
    effects.push(...next.effects);
    if (next.effects.length === 0 || (state.phase === before.phase && state.phase !== 'disconnecting')) {
      return { state, effects };
    }
  }
}

function hear(state: ConnectionState, event: ConnectionEvent, moment: Moment): Transition {
  switch (event.kind) {
    case 'turnedOn':
      return turnOn(state, event, moment);
    case 'turnedOff':
      return turnOff(state, moment);
    case 'policyChanged':
      return changePolicy(state, event.policy);
    case 'contextConfirmed':
      return resumeConfirmed(state, moment);
    case 'homeChosen':
      return moveHome(state, event.homeNamespace);
    case 'clusterOpened':
      return isComingUp(state) && state.held.cluster === 'opening'
        ? only({ ...state, cluster: event.cluster, held: { ...state.held, cluster: 'open' } })
        : unexpected(state, event);
    case 'clusterReached':
      if (!isComingUp(state) || state.bringUp.tasks.reach !== 'running') {
        return unexpected(state, event);
      }
      return only(
        endCluster(
          {
            ...state,
            warnings: { ...state.warnings, cluster: event.problems },
            bringUp: setTask(state.bringUp, 'reach', 'done'),
          },
          moment,
        ),
      );
    case 'rangesFound': {
      if (!isComingUp(state) || state.bringUp.tasks.ranges !== 'running') {
        return unexpected(state, event);
      }
      const planned = planRanges(event.ranges, state.policy);
      if (!planned.ok) {
        const bringUp = setTask(state.bringUp, 'ranges', 'todo');
        return failBringUp({ ...state, bringUp }, 'cluster', planned.problem, moment);
      }
      const mapped = mapRanges(planned.value, [], nothingMapped);
      const bringUp = { ...setTask(state.bringUp, 'ranges', 'done'), plan: planned.value, mapped };
      return only(endCluster({ ...state, bringUp }, moment));
    }
    case 'rangesOutgrown':
      return isInForce(state) ? { state, effects: [{ kind: 'discoverRangesAgain' }] } : unexpected(state, event);
    case 'rangesFoundAgain':
      return isInForce(state) ? takeRanges(state, event.ranges) : unexpected(state, event);
    case 'catalogueSeen':
      return hearCatalogue(state, event, moment);
    case 'helperReady':
      return isComingUp(state) && state.bringUp.tasks.helper === 'running'
        ? only({ ...state, bringUp: setTask(state.bringUp, 'helper', 'done') })
        : unexpected(state, event);
    case 'engineStarted':
      return state.held.engine === 'starting' ? only(holding(state, { engine: 'running' })) : unexpected(state, event);
    case 'engineSaid':
      return hearEngine(state, event.event, moment);
    case 'engineEnded':
      return hearEngineEnd(state, event.because, moment);
    case 'clusterWaits':
      return only(hearWaiting(state, event.detail));
    case 'agentDetail':
      return isComingUp(state)
        ? only({ ...state, bringUp: { ...state.bringUp, detail: event.detail } })
        : unexpected(state, event);
    case 'agentPlaced':
      return hearAgentPlaced(state, event, moment);
    case 'agentChecked':
      return state.phase === 'tunnel-lost' ? takeAgentCheck(state, event.lives) : unexpected(state, event);
    case 'agentDeleted': {
      if (state.held.agent.state !== 'deleting') {
        return unexpected(state, event);
      }
      const next = holding(state, { agent: { state: 'none' } });
      if (next.phase === 'disconnecting') {
        return only({ ...next, remark: event.problem ?? next.remark });
      }
      return next.phase === 'tunnel-lost' ? replaceAgent(next) : only(next);
    }
    case 'credentialsSent':
      return only({ ...state, warnings: { ...state.warnings, credentials: [] } });
    case 'policiesFound':
      return isInForce(state) ? takePolicies(state, event.policies, moment) : unexpected(state, event);
    case 'stubDomainsFound':
      return only(isEstablished(state) ? { ...state, live: { ...state.live, stubDomains: event.domains } } : state);
    case 'directOffered':
      return isInForce(state) ? takeOffer(state, event, moment) : only(state);
    case 'taskFailed':
      return hearFailure(state, event, moment);
    case 'hostInspected':
      if (state.phase !== 'disconnecting' || !state.inspecting) {
        return unexpected(state, event);
      }
      return only({
        ...holding(state, { host: 'clean' }),
        inspecting: false,
        leftOnHost: event.leftOver ?? Math.max(state.leftOnHost, 1), // nobody could say that it was undone
      });
    case 'timerDue':
      return hearTimer(state, event, moment);
  }
}

function turnOn(state: ConnectionState, order: Order, moment: Moment): Transition {
  const { wanted, cluster, policy, restored } = order;
  switch (state.phase) {
    case 'off':
    case 'failed':
      return {
        state: startPreparing({ wanted, cluster, policy, restored }, moment, 1),
        effects: [{ kind: 'clearTimer', timer: 'retry' }],
      };
    case 'disconnecting':
      return only({ ...state, afterwards: { to: 'on', order: { wanted, cluster, policy, restored } } });
    case 'connected':
    case 'preparing':
    case 'tunnel-lost':
    case 'engine-lost':
      // Where the agent is and what it is made of was decided when this was turned on.
      return moveHome({ ...state, policy }, wanted.homeNamespace);
  }
}

/** Goes on where only the user's word was missing. What never came on was asked for by somebody who asks again. */
function resumeConfirmed(state: ConnectionState, moment: Moment): Transition {
  if (state.phase !== 'failed' || !state.persistent || !waitsForUser(state.because)) {
    return only(state);
  }
  const { wanted, cluster, policy } = state;
  return only(startPreparing({ wanted, cluster, policy, restored: true }, moment, 1));
}

/** Another namespace's bare names resolve: at once where names may be in force, else when they are set. */
function moveHome(state: ConnectionState, homeNamespace: string): Transition {
  if (state.wanted.homeNamespace === homeNamespace && state.phase !== 'disconnecting') {
    return only(state);
  }
  const moved = { ...state, wanted: { ...state.wanted, homeNamespace } };
  if (moved.phase === 'disconnecting' && moved.afterwards.to === 'on') {
    const { order } = moved.afterwards;
    const wanted = { ...order.wanted, homeNamespace };
    return only({ ...moved, afterwards: { to: 'on', order: { ...order, wanted } } });
  }
  return { state: moved, effects: isInForce(moved) ? [sendCatalogue(moved)] : [] };
}

function turnOff(state: ConnectionState, moment: Moment): Transition {
  switch (state.phase) {
    case 'off':
      return only(state);
    case 'disconnecting':
      return only(state.afterwards.to === 'off' ? state : { ...state, afterwards: { to: 'off', last: null } });
    case 'failed': {
      // What was left may have been cleaned up meanwhile: look again before saying off.
      const host = state.leftOnHost > 0 ? 'changed' : 'clean';
      return beginUndo(holding(state, { host }), { to: 'off', last: state.because }, moment);
    }
    default:
      return beginUndo(state, { to: 'off', last: null }, moment);
  }
}

/** While it comes up it is what the step waits for; once it is on, only a login is worth a warning. */
function hearWaiting(state: ConnectionState, detail: Cause | null): ConnectionState {
  if (isComingUp(state)) {
    return { ...state, bringUp: { ...state.bringUp, waiting: detail } };
  }
  if (!isInForce(state)) {
    return state;
  }
  const others = state.warnings.credentials.filter(({ code }) => code !== 'exec-waiting');
  const waiting = detail?.id === 'pluginWaits' ? [problem('exec-waiting', detail)] : [];
  return { ...state, warnings: { ...state.warnings, credentials: [...others, ...waiting] } };
}

function hearCatalogue(
  before: ConnectionState,
  event: ConnectionEvent & { readonly kind: 'catalogueSeen' },
  moment: Moment,
): Transition {
  const isOver = before.phase === 'off' || before.phase === 'failed' || before.phase === 'disconnecting';
  if (isOver) {
    return unexpected(before, event);
  }
  const state = { ...before, warnings: { ...before.warnings, catalogue: event.problems } };
  if (!isInForce(state) || state.live.cataloguePending) {
    return only(state);
  }
  return {
    state: { ...state, live: { ...state.live, cataloguePending: true } },
    effects: [{ kind: 'setTimer', timer: 'catalogue-send', at: moment.now + catalogueGathering }],
  };
}

function hearAgentPlaced(
  state: ConnectionState,
  event: ConnectionEvent & { readonly kind: 'agentPlaced' },
  moment: Moment,
): Transition {
  if (state.held.agent.state !== 'placing') {
    return unexpected(state, event);
  }
  const { placed } = event;
  const next = holding(state, { agent: { state: 'placed', placed } });
  if (isComingUp(next)) {
    return only({ ...next, bringUp: { ...endStep(next.bringUp, 'agent', moment.now), detail: '' } });
  }
  if (next.phase === 'tunnel-lost') {
    const live = { ...next.live, agent: placed.agent };
    const moved = { ...next, live, agentWork: 'none', sameAgentTries: 0 } as const;
    return {
      state: moved,
      effects: [{ kind: 'sendAgent', agent: placed.target }, sendCatalogue(moved), ...offerDirect(moved)],
    };
  }
  return only(next); // disconnecting: settling deletes it
}

function hearFailure(
  state: ConnectionState,
  event: ConnectionEvent & { readonly kind: 'taskFailed' },
  moment: Moment,
): Transition {
  const { task, problem: because } = event;
  const { held } = state;
  switch (task) {
    case 'open':
      return isComingUp(state) && held.cluster === 'opening'
        ? failBringUp(holding(state, { cluster: 'none' }), 'cluster', because, moment)
        : unexpected(state, event);
    case 'engine': {
      if (held.engine !== 'starting') {
        return unexpected(state, event);
      }
      const next = holding(state, { engine: 'none' });
      return isComingUp(next) ? failBringUp(next, 'helper', because, moment) : only(next);
    }
    case 'agent': {
      if (held.agent.state !== 'placing') {
        return unexpected(state, event);
      }
      const next = holding(state, { agent: { state: 'none' } });
      if (isComingUp(next)) {
        return failBringUp(next, 'agent', because, moment);
      }
      return next.phase === 'tunnel-lost' ? failAgentWork(next, because, moment) : only(next);
    }
    case 'agent-check':
      if (state.phase === 'tunnel-lost' && state.agentWork === 'looking') {
        return only({ ...state, agentWork: 'none' }); // it is looked up again
      }
      return state.phase === 'tunnel-lost' && state.agentWork === 'checking'
        ? failAgentWork(state, because, moment)
        : unexpected(state, event);
    case 'protect':
      return unexpected(state, event); // what was protected before stays so
    case 'credentials':
      if (isComingUp(state) && held.engine === 'running') {
        return failBringUp(state, currentStep(state.bringUp), because, moment);
      }
      return isInForce(state) ? failCredentials(state, because, moment) : unexpected(state, event);
    default: {
      if (!isComingUp(state) || state.bringUp.tasks[task] !== 'running') {
        return unexpected(state, event);
      }
      const bringUp = setTask(state.bringUp, task, 'todo');
      return failBringUp({ ...state, bringUp }, stepOf(task, state.bringUp), because, moment);
    }
  }
}

function hearTimer(
  state: ConnectionState,
  event: ConnectionEvent & { readonly kind: 'timerDue' },
  moment: Moment,
): Transition {
  switch (event.timer) {
    case 'retry':
      if (state.phase === 'failed' && state.retry === 'automatic') {
        const { wanted, cluster, policy } = state;
        return only(startPreparing({ wanted, cluster, policy, restored: true }, moment, state.attempt + 1));
      }
      if (isComingUp(state)) {
        return only({ ...state, bringUp: { ...state.bringUp, notBefore: 0 } });
      }
      if (state.phase === 'tunnel-lost') {
        const isWaiting = state.agentWork === 'waiting';
        return isWaiting ? replaceAgent(state) : { state, effects: [{ kind: 'sendCredentials' }] };
      }
      break;
    case 'deadline':
      return isComingUp(state) ? missDeadline(state, moment) : unexpected(state, event);
    case 'catalogue-send':
      if (isInForce(state)) {
        return {
          state: { ...state, live: { ...state.live, cataloguePending: false } },
          effects: [sendCatalogue(state)],
        };
      }
      break;
    case 'reach':
      return isInForce(state) ? settleReach(state, moment) : unexpected(state, event);
    case 'direct':
      return isInForce(state) ? { state, effects: offerDirect(state) } : only(state);
    case 'undo':
      return state.phase === 'disconnecting' ? giveUpAgent(state) : unexpected(state, event);
  }
  return unexpected(state, event);
}

function endCluster(state: ComingUp, moment: Moment): ComingUp {
  const { reach, ranges } = state.bringUp.tasks;
  const isOver = reach === 'done' && ranges === 'done';
  return isOver ? { ...state, bringUp: endStep(state.bringUp, 'cluster', moment.now) } : state;
}
