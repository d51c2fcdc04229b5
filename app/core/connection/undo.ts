/**
 * Undoing: everything that is held is given back, whatever state it was in, before anything new begins. Pure.
 * The engine and the agent are given back side by side; the laptop is asked about only where the engine could not
 * say itself that it undid everything.
 */
import { cause, type Problem, problem, type Step } from '../../contract/index.ts';
import { isLossOfProcess, isTransient, waitAfter } from './retry.ts';
import type {
  Afterwards,
  ConnectionState,
  Disconnecting,
  Effect,
  Failed,
  Held,
  Moment,
  Off,
  Order,
  Preparing,
  Timer,
  Transition,
} from './state.ts';
import { noWarnings } from './state.ts';
import { newBringUp } from './steps.ts';

/**
 * How long the cluster may take to delete the agent with all that it owns, in milliseconds; after that the agent's own
 * expiry has to do. Longer than the adapter's own deadline, so that its words are heard.
 */
export const undoDeadline = 20_000;

const timers: readonly Timer[] = ['retry', 'deadline', 'catalogue-send', 'undo', 'direct'];

/** A new bring-up with nothing held. */
export function startPreparing(order: Order, moment: Moment, attempt: number): Preparing {
  return {
    phase: 'preparing',
    wanted: order.wanted,
    cluster: order.cluster,
    policy: order.policy,
    persistent: order.restored,
    held: { cluster: 'none', engine: 'none', agent: { state: 'none' }, host: 'clean' },
    warnings: noWarnings,
    attempt,
    leftOnHost: 0,
    startedAt: moment.now,
    bringUp: newBringUp(0),
  };
}

/** Stops what runs and begins to give back what is held. */
export function beginUndo(state: ConnectionState, afterwards: Afterwards, moment: Moment): Transition {
  const { wanted, cluster, policy, persistent, warnings, attempt, leftOnHost } = state;
  const held: Held = state.held.cluster === 'opening' ? { ...state.held, cluster: 'none' } : state.held;
  return {
    state: {
      phase: 'disconnecting',
      wanted,
      cluster,
      policy,
      persistent,
      held,
      warnings,
      attempt,
      leftOnHost,
      startedAt: moment.now,
      afterwards,
      inspecting: false,
      remark: null,
    },
    effects: [
      { kind: 'abort' },
      ...timers.map((timer): Effect => ({ kind: 'clearTimer', timer })),
      { kind: 'setTimer', timer: 'undo', at: moment.now + undoDeadline },
    ],
  };
}

export function undoToFailed(state: ConnectionState, step: Step, because: Problem, moment: Moment): Transition {
  const bringUp = state.phase === 'preparing' ? state.bringUp : null;
  const begun = bringUp?.begun[step] ?? moment.now;
  const done = bringUp?.done.filter((one) => one.step !== step) ?? [];
  return beginUndo(state, { to: 'failed', step, because, milliseconds: moment.now - begun, done }, moment);
}

/** Takes the next steps down that are possible now. */
export function settleUndo(state: Disconnecting, moment: Moment): Transition {
  const { held } = state;
  if (held.engine === 'running') {
    return { state: { ...state, held: { ...held, engine: 'ending' } }, effects: [{ kind: 'endEngine' }] };
  }
  if (held.agent.state === 'placed') {
    const { placed } = held.agent;
    return {
      state: { ...state, held: { ...held, agent: { state: 'deleting' } } },
      effects: [{ kind: 'deleteAgent', placed }],
    };
  }
  if (held.engine === 'none' && held.host === 'changed' && !state.inspecting) {
    return { state: { ...state, inspecting: true }, effects: [{ kind: 'inspectHost' }] };
  }
  if (held.engine !== 'none' || held.agent.state !== 'none' || state.inspecting) {
    return { state, effects: [] };
  }
  return finish(state, moment);
}

/** True once the laptop is as it was, or what is left is known, though the cluster may still be deleting the agent. */
export function isHostRestored(state: ConnectionState): boolean {
  return state.phase !== 'disconnecting' || (state.held.engine === 'none' && state.held.host === 'clean');
}

/** The deadline for giving the agent back is over: it ends itself later, and the user is told. */
export function giveUpAgent(state: Disconnecting): Transition {
  if (state.held.agent.state === 'none') {
    return { state, effects: [] };
  }
  const remark = problem('api-unreachable', cause('agentLeft'), { context: state.cluster.context });
  return { state: { ...state, remark, held: { ...state.held, agent: { state: 'none' } } }, effects: [] };
}

function finish(state: Disconnecting, moment: Moment): Transition {
  const { afterwards, wanted, cluster, policy, attempt, leftOnHost, warnings } = state;
  const effects: Effect[] = [{ kind: 'clearTimer', timer: 'undo' }];
  if (state.held.cluster === 'open') {
    effects.push({ kind: 'closeCluster' });
  }
  const held: Held = { ...state.held, cluster: 'none' };
  const common = { wanted, cluster, policy, held, attempt, leftOnHost, warnings };
  if (afterwards.to === 'on') {
    return { state: startPreparing(afterwards.order, moment, 1), effects };
  }
  if (afterwards.to === 'off') {
    const off: Off = { ...common, phase: 'off', persistent: false, last: afterwards.last ?? state.remark };
    return { state: off, effects };
  }
  const retry = retryOf(state, afterwards.because);
  const nextTryAt = retry === 'automatic' ? moment.now + waitAfter(attempt, moment.jitter) : null;
  if (nextTryAt !== null) {
    effects.push({ kind: 'setTimer', timer: 'retry', at: nextTryAt });
  }
  const failed: Failed = {
    ...common,
    phase: 'failed',
    persistent: state.persistent,
    at: moment.now,
    step: afterwards.step,
    milliseconds: afterwards.milliseconds,
    done: afterwards.done,
    because: afterwards.because,
    retry,
    nextTryAt,
  };
  return { state: failed, effects };
}

function retryOf(state: Disconnecting, because: Problem): Failed['retry'] {
  if (!isTransient(because)) {
    return 'pointless';
  }
  const mayRecover = state.policy.recover || !isLossOfProcess(because);
  return state.persistent && mayRecover && state.leftOnHost === 0 ? 'automatic' : 'offered';
}
