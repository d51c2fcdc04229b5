/**
 * Bringing a connection up: what can be begun now, given what is held and known. Declarative, so that everything that may run side
 * by side does, and so that the first connect and a reconnect with a new engine are one. Pure.
 *
 *   open ─┬─ reach (API server, namespaces, rights) ──────────────┐
 *         ├─ ranges ──┐                                           ├─ agent ── connect ── ready
 *         ├─ helper ──┼─ prepare (routes decided) ────────────────┘
 *         └─ engine ──┘
 *
 *   reach, ranges ── catalogue (followed beside, waited for by nothing: names ask the cluster's own nameservers)
 *
 * Up to `prepare` nothing on the laptop or in the cluster is changed.
 */
import { type Problem, problem, type Step } from '../../contract/index.ts';
import { wantedWith } from '../routing/mapped.ts';
import { isLossOfProcess, isTransient, waitAfter } from './retry.ts';
import type { BringUp, ComingUp, Effect, Held, Moment, Task, Transition } from './state.ts';
import { beginStep, currentStep, setTask, withoutEngine } from './steps.ts';
import { undoToFailed } from './undo.ts';

/** Belts to the engine's own braces, in milliseconds: it has shorter deadlines of its own. */
const prepareDeadline = 20_000;
const connectDeadline = 60_000;
/** An engine or a helper that goes away this often during one connect has another trouble. */
const mostRestarts = 5;

/** Begins everything that can begin. */
export function advance(state: ComingUp, { now }: Moment): Transition {
  const effects: Effect[] = [];
  let held: Held = state.held;
  let bringUp: BringUp = state.bringUp;
  const is = (task: Task, wanted: 'todo' | 'done') => bringUp.tasks[task] === wanted;
  const run = (task: Task, step: Step, ...more: Effect[]) => {
    bringUp = beginStep(setTask(bringUp, task, 'running'), step, now);
    effects.push(...more);
  };
  const mayTry = now >= bringUp.notBefore;

  if (held.cluster === 'none' && mayTry) {
    held = { ...held, cluster: 'opening' };
    bringUp = beginStep(bringUp, 'cluster', now);
    effects.push({ kind: 'openCluster', wanted: state.wanted });
  }
  if (held.cluster !== 'open') {
    return { state: { ...state, held, bringUp }, effects };
  }
  if (is('reach', 'todo') && mayTry) {
    run('reach', 'cluster', { kind: 'reachCluster', wanted: state.wanted });
  }
  if (is('ranges', 'todo') && mayTry) {
    run('ranges', 'cluster', { kind: 'discoverRanges' });
  }
  if (is('catalogue', 'todo') && is('reach', 'done') && is('ranges', 'done')) {
    // Not before: of a large cluster it is megabytes to read, and what a connect waits for is asked on the same thread.
    bringUp = setTask(bringUp, 'catalogue', 'done');
    effects.push({ kind: 'watchCatalogue' });
  }
  const withProxy = state.wanted.proxy === true;
  if (is('helper', 'todo') && held.engine !== 'ending' && mayTry) {
    run('helper', 'helper', ...(withProxy ? [] : [{ kind: 'ensureHelper' } as const]));
    bringUp = withProxy ? setTask(bringUp, 'helper', 'done') : bringUp;
  }
  if (!is('helper', 'todo') && held.engine === 'none') {
    held = { ...held, engine: 'starting' };
    effects.push({ kind: 'startEngine' });
  }
  const canPrepare = held.engine === 'running' && is('helper', 'done') && is('ranges', 'done');
  if (canPrepare && is('prepare', 'todo') && bringUp.plan !== null) {
    run(
      'prepare',
      'helper',
      { kind: 'prepareEngine', routes: wantedWith(bringUp.plan, bringUp.mapped), withProxy },
      { kind: 'setTimer', timer: 'deadline', at: now + prepareDeadline },
    );
  }
  if (is('prepare', 'done') && is('reach', 'done') && held.agent.state === 'none' && mayTry) {
    const { agentNamespace, agentImage, baseImage } = state.wanted;
    held = { ...held, agent: { state: 'placing' } };
    bringUp = beginStep(bringUp, 'agent', now);
    effects.push({
      kind: 'placeAgent',
      spec: { namespace: agentNamespace, image: agentImage, baseImage, pod: state.policy.agentPod },
    });
  }
  const { agent } = held;
  const isReady = is('prepare', 'done') && is('reach', 'done') && held.engine === 'running';
  if (isReady && agent.state === 'placed' && is('connect', 'todo') && bringUp.plan !== null) {
    held = { ...held, host: withProxy ? held.host : 'changed' };
    run(
      'connect',
      'tunnel',
      {
        kind: 'connectEngine',
        mappings: bringUp.mapped.mappings,
        routes: wantedWith(bringUp.plan, bringUp.mapped), // those that are refused too: the helper takes them when it may
        agent: agent.placed.target,
        homeNamespace: state.wanted.homeNamespace,
        answersFor: state.policy.answersFor,
        extraDomains: state.policy.extraDomains,
        names: state.policy.names || withProxy,
        withProxy,
      },
      { kind: 'setTimer', timer: 'deadline', at: now + connectDeadline },
    );
  }
  return { state: { ...state, held, bringUp }, effects };
}

/** The helper is busy while it undoes an engine that ended a moment ago; longer than these tries, it is another Slipway. */
const mostBusyTries = 4;

/** A task of the bring-up failed: tries again where that may help and somebody waits for it, else undoes. */
export function failBringUp(state: ComingUp, step: Step, because: Problem, moment: Moment): Transition {
  if (state.phase === 'preparing') {
    const isWorthAnother =
      because.code === 'helper-busy'
        ? state.attempt < mostBusyTries
        : isLossOfProcess(because) && state.policy.recover && state.attempt < mostRestarts;
    return isWorthAnother ? restart(state, because, moment) : undoToFailed(state, step, because, moment);
  }
  const isPointless =
    (!isTransient(because) && because.code !== 'helper-busy') || (isLossOfProcess(because) && !state.policy.recover);
  return isPointless ? undoToFailed(state, step, because, moment) : restart(state, because, moment);
}

/** Brings it up anew with another engine, after a wait. The agent is kept where it still serves. */
function restart(state: ComingUp, because: Problem, moment: Moment): Transition {
  const attempt = state.attempt + 1;
  const notBefore = moment.now + waitAfter(attempt - 1, moment.jitter);
  const effects: Effect[] = [
    { kind: 'clearTimer', timer: 'deadline' },
    { kind: 'setTimer', timer: 'retry', at: notBefore },
  ];
  let held: Held = state.held;
  if (held.engine === 'running') {
    held = { ...held, engine: 'ending' };
    effects.push({ kind: 'endEngine' });
  }
  const agentIsUseless = because.code === 'agent-gone' || because.code === 'agent-unreachable';
  if (agentIsUseless && held.agent.state === 'placed') {
    effects.push({ kind: 'deleteAgent', placed: held.agent.placed });
    held = { ...held, agent: { state: 'deleting' } };
  }
  const bringUp = withoutEngine(state.bringUp, notBefore);
  return state.phase === 'preparing'
    ? { state: { ...state, held, bringUp, attempt }, effects }
    : { state: { ...state, held, bringUp, attempt, because, nextTryAt: notBefore }, effects };
}

/** The time for a step is over though nobody said that it failed. */
export function missDeadline(state: ComingUp, moment: Moment): Transition {
  const { prepare, connect } = state.bringUp.tasks;
  const step = currentStep(state.bringUp);
  if (prepare === 'running') {
    const cause = `the engine heard nothing from the helper within ${prepareDeadline / 1000} s`;
    return failBringUp(state, 'helper', problem('helper-lost', cause), moment);
  }
  if (connect === 'running') {
    const cause = `the step ${step} did not end within ${connectDeadline / 1000} s`;
    return failBringUp(state, step, problem('tunnel-silent', cause), moment);
  }
  return { state, effects: [] };
}

/** Which step a task of the bring-up belongs to, as frontends see it. */
export function stepOf(task: Task, bringUp: BringUp): Step {
  switch (task) {
    case 'reach':
    case 'ranges':
    case 'catalogue':
      return 'cluster';
    case 'helper':
    case 'prepare':
      return 'helper';
    case 'connect':
      return currentStep(bringUp);
  }
}
