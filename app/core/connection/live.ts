/** What happens while connected, and while the engine lives and looks for its agent. Pure. */
import { cause, type Names, type Problem, problem } from '../../contract/index.ts';
import { noCounters, totalOf } from '../counters/totals.ts';
import {
  type EngineEvent,
  type NamesInForce,
  problemFromWire,
  type ReachCheck,
  type Ready,
} from '../engine-messages.ts';
import { unheard } from '../naming/answers-for.ts';
import { namesFromEngine, namesOff, namesProblems } from '../naming/names.ts';
import type { Mapped } from '../routing/mapped.ts';
import { decideRoutes, type RangePlan } from '../routing/plan.ts';
import { offerDirect, takePath } from './direct-path.ts';
import { sendCatalogue } from './outcome.ts';
import { isPolicySuspected, reachLookAt, reachProblems, reachUnknown, takeVerdict } from './reach.ts';
import { noRefusalsSeen, takeRefusals } from './refused-flows.ts';
import { heedWord, planAnew, takeRoutes } from './replan.ts';
import { isLossOfProcess, isTransient, waitAfter } from './retry.ts';
import type {
  ComingUp,
  Connected,
  Effect,
  EngineLost,
  Held,
  InForce,
  Live,
  Moment,
  Policy,
  Task,
  TaskState,
  Transition,
  TunnelLost,
} from './state.ts';
import { beginEngineStep, endStep, newBringUp } from './steps.ts';
import { undoToFailed } from './undo.ts';

/** How long changes of the catalogue are gathered before they are sent, in milliseconds. */
export const catalogueGathering = 200;
/** How many dials of the agent fail between two looks at whether its pod is still there. */
const triesBeforeLook = 2;
/** A connection that lived this long, in milliseconds, starts counting its attempts anew. */
const stableAfter = 60_000;

/** The bring-up is over: the engine verified the data path. */
export function becomeConnected(
  state: ComingUp,
  plan: RangePlan,
  mapped: Mapped,
  ready: Ready,
  moment: Moment,
): Transition {
  const { agent } = state.held;
  if (agent.state !== 'placed') {
    return { state, effects: [] }; // connect is only sent with an agent
  }
  const { clusterDomain } = ready.agent;
  // One that is brought up anew becomes what it would be by now had it stayed.
  const before = state.phase === 'engine-lost' ? state.live.routes : null;
  const decided = decideRoutes(
    plan,
    ready.routes,
    state.persistent ? { routes: before, problems: state.warnings.ranges } : null,
    mapped.mappings,
  );
  const pingless = problem('ping-unavailable', 'the agent may not open a ping socket');
  const ended = endStep(beginEngineStep(state.bringUp, 'verify', moment.now), 'verify', moment.now);
  const carried = state.phase === 'engine-lost' ? state.live.counters : noCounters(moment.now);
  const live: Live = {
    since: state.phase === 'engine-lost' ? state.live.since : moment.now,
    interface: ready.interface,
    proxy: ready.proxy ? { port: ready.proxy.port, knowsUsers: ready.proxy.knowsUsers } : null,
    path: ready.path,
    direct: { said: null, nodeUnread: false },
    routes: decided.routes,
    names: ready.names ? namesFromEngine(ready.names, clusterDomain) : { ...namesOff, clusterDomain },
    agent: { ...agent.placed.agent, build: ready.agent.build },
    roundTripMicroseconds: 0,
    counters: carried,
    countersBefore: carried,
    refusals: noRefusalsSeen,
    done: ended.done,
    plan,
    mapped,
    agreed: { plan, mapped },
    unheard: null,
    cataloguePending: false,
    reach: reachUnknown,
    stubDomains: state.phase === 'engine-lost' ? state.live.stubDomains : [],
  };
  const { wanted, cluster, policy, held, attempt, leftOnHost } = state;
  const names = ready.names ? [...namesProblems(ready.names), ...unheardWord(state.policy, live.names)] : [];
  const connected: Connected = {
    phase: 'connected',
    wanted,
    cluster,
    policy,
    persistent: true,
    held,
    attempt,
    leftOnHost,
    warnings: {
      ...state.warnings,
      ranges: [...plan.problems, ...decided.problems],
      engine: [...names, ...(ready.agent.canPing ? [] : [pingless])],
      reach: [],
      credentials: [],
      direct: [],
    },
    live,
  };
  const heeded = heedWord(connected); // it may have changed since the engine was asked
  return {
    state: heeded.state,
    effects: [
      { kind: 'clearTimer', timer: 'deadline' },
      { kind: 'clearTimer', timer: 'retry' },
      sendCatalogue(connected),
      { kind: 'findStubDomains', clusterDomain },
      ...(heeded.effects.length > 0 ? heeded.effects : planAnew(plan, state.bringUp.mapped, mapped)),
      ...offerDirect(connected),
    ],
  };
}

/** What the engine says while it is up. */
export function hearLive(state: InForce, event: EngineEvent, moment: Moment): Transition {
  switch (event.event) {
    case 'tunnel': {
      const { state: tunnel, path, roundTripMicroseconds, attempt, because } = event.tunnel;
      if (tunnel === 'up') {
        // Of the lane that came back first; which way is taken, the last word on the path says.
        const taken = state.live.direct.said?.path ?? path;
        const live = { ...state.live, path: taken, roundTripMicroseconds: roundTripMicroseconds ?? 0 };
        const mayReturn = state.phase === 'tunnel-lost' && state.held.agent.state === 'placed';
        return mayReturn ? returnToConnected(state, live) : { state: { ...state, live }, effects: [] };
      }
      const reason = because ? problemFromWire(because, factsOf(state)) : silent();
      if (state.phase === 'connected') {
        return { state: loseTunnel(state, reason, moment), effects: [{ kind: 'protectAddresses' }] };
      }
      const tried = { ...state, because: reason, attempt: attempt ?? state.attempt, nextTryAt: moment.now };
      return lookForAgent(tried, attempt ?? 0, [{ kind: 'protectAddresses' }]);
    }
    case 'path':
      return { state: takePath(state, event.path), effects: [] };
    case 'names':
      return { state: takeNames(state, event.names), effects: [] };
    case 'routes':
      return takeRoutes(
        state,
        event.routes.decisions,
        event.routes.problem ? problemFromWire(event.routes.problem) : null,
      );
    case 'counters': {
      const { roundTripMicroseconds } = event.counters;
      const counters = totalOf(state.live.countersBefore, event.counters, moment.now);
      const { seen, warnings } = takeRefusals(state.live.refusals, state.warnings, event.counters.refused, moment.now);
      const live = { ...state.live, counters, roundTripMicroseconds, refusals: seen };
      return { state: { ...state, live, warnings }, effects: [] };
    }
    case 'reach':
      return takeReach(state, event.reach.checks, moment);
    case 'needCredentials':
      return { state, effects: [{ kind: 'sendCredentials' }] };
    case 'agentLost': {
      const reason = event.problem
        ? problemFromWire(event.problem, factsOf(state))
        : problem('agent-gone', cause('agentGone'));
      return loseAgent(state, reason, moment);
    }
    case 'helperLost': {
      const reason = event.problem ? problemFromWire(event.problem) : problem('helper-lost', cause('helperLink'));
      return loseEngine(state, reason, moment);
    }
    case 'failed':
      return loseEngine(state, problemFromWire(event.failed.problem, factsOf(state)), moment);
    default:
      return { state, effects: [] };
  }
}

/** What gets there and what does not. Which NetworkPolicies may be why is asked once for each time that one may be. */
function takeReach(state: InForce, checks: readonly ReachCheck[], moment: Moment): Transition {
  const { agent } = state.held;
  const facts = { ...factsOf(state), namespace: state.live.agent.namespace, interface: state.live.interface };
  const verdict = takeVerdict(state.live.reach, checks, facts, moment.now);
  const mayAsk = isPolicySuspected(verdict) && agent.state === 'placed';
  const isNew = mayAsk && verdict.policies === 'unasked';
  const policies = isNew ? 'asking' : mayAsk ? verdict.policies : 'unasked';
  const settled = settleReach({ ...state, live: { ...state.live, reach: { ...verdict, policies } } }, moment);
  return isNew
    ? { ...settled, effects: [...settled.effects, { kind: 'findPolicies', placed: agent.placed }] }
    : settled;
}

export function takePolicies(state: InForce, found: readonly string[] | null, moment: Moment): Transition {
  const { reach } = state.live;
  return reach.policies === 'asking'
    ? settleReach({ ...state, live: { ...state.live, reach: { ...reach, policies: found ?? 'unread' } } }, moment)
    : { state, effects: [] };
}

/** Tells what is to be told now, and looks again when what is only held may be over. */
export function settleReach(state: InForce, { now }: Moment): Transition {
  const { reach } = state.live;
  const at = reachLookAt(reach, now);
  return {
    state: { ...state, warnings: { ...state.warnings, reach: reachProblems(reach, now) } },
    effects: [at === null ? { kind: 'clearTimer', timer: 'reach' } : { kind: 'setTimer', timer: 'reach', at }],
  };
}

/** The engine is gone or of no use: a bring-up with another one where that is allowed, else undoing. */
export function loseEngine(state: InForce, because: Problem, moment: Moment): Transition {
  const mayRecover = isTransient(because) && (state.policy.recover || !isLossOfProcess(because));
  if (!mayRecover) {
    return undoToFailed(state, isLossOfProcess(because) ? 'tunnel' : 'verify', because, moment);
  }
  const isStable = moment.now - state.live.since >= stableAfter;
  const attempt = isStable || state.phase === 'tunnel-lost' ? 1 : state.attempt + 1;
  const notBefore = moment.now + (attempt <= 1 ? 0 : waitAfter(attempt - 1, moment.jitter));
  const effects: Effect[] = [{ kind: 'setTimer', timer: 'retry', at: notBefore }];
  let held: Held = state.held;
  if (held.engine === 'running') {
    held = { ...held, engine: 'ending' };
    effects.push({ kind: 'endEngine' });
  }
  const known: Record<Task, TaskState> = {
    reach: 'done',
    ranges: 'done',
    catalogue: 'done',
    helper: 'todo',
    prepare: 'todo',
    connect: 'todo',
  };
  const bringUp = { ...newBringUp(notBefore), tasks: known, plan: state.live.plan, mapped: state.live.mapped };
  const { wanted, cluster, policy, persistent, warnings, leftOnHost, live } = state;
  const lost: EngineLost = {
    phase: 'engine-lost',
    wanted,
    cluster,
    policy,
    persistent,
    held,
    warnings,
    attempt,
    leftOnHost,
    live,
    lostAt: state.phase === 'connected' ? moment.now : state.lostAt,
    nextTryAt: notBefore,
    because,
    bringUp,
  };
  return { state: lost, effects };
}

/** The API server says that the pod is gone, or the agent refuses this session: is it there? */
function loseAgent(state: InForce, because: Problem, moment: Moment): Transition {
  const lost = state.phase === 'connected' ? loseTunnel(state, because, moment) : { ...state, because };
  const { agent } = state.held;
  if (agent.state !== 'placed' || lost.agentWork !== 'none') {
    return { state: lost, effects: [] };
  }
  return { state: { ...lost, agentWork: 'checking' }, effects: [{ kind: 'checkAgent', placed: agent.placed }] };
}

/**
 * An agent that does not answer may be gone, and its node with it, however the cluster words that, if it does: of a node that is
 * lost nobody hears anything. Every few tries its pod is looked up.
 */
function lookForAgent(state: TunnelLost, attempt: number, effects: readonly Effect[]): Transition {
  const { agent } = state.held;
  const isDue = attempt > 0 && attempt % triesBeforeLook === 0;
  return isDue && agent.state === 'placed' && state.agentWork === 'none'
    ? { state: { ...state, agentWork: 'looking' }, effects: [...effects, { kind: 'checkAgent', placed: agent.placed }] }
    : { state, effects };
}

/** The answer: an agent that runs gets one more chance, any other is replaced. */
export function takeAgentCheck(state: TunnelLost, lives: boolean): Transition {
  const { agent } = state.held;
  if ((state.agentWork !== 'checking' && state.agentWork !== 'looking') || agent.state !== 'placed') {
    return { state, effects: [] };
  }
  if (lives && state.agentWork === 'looking') {
    return { state: { ...state, agentWork: 'none' }, effects: [] }; // its node is cut off, say: the engine goes on trying
  }
  if (lives && state.sameAgentTries === 0) {
    return {
      state: { ...state, agentWork: 'none', sameAgentTries: 1 },
      effects: [{ kind: 'sendAgent', agent: agent.placed.target }],
    };
  }
  return {
    state: { ...state, agentWork: 'replacing', held: { ...state.held, agent: { state: 'deleting' } } },
    effects: [{ kind: 'forgetAgent' }, { kind: 'deleteAgent', placed: agent.placed }],
  };
}

/** Goes on with replacing the agent: asks again whether it lives, or makes the new one. */
export function replaceAgent(state: TunnelLost): Transition {
  const { agent } = state.held;
  if (agent.state === 'placed') {
    return { state: { ...state, agentWork: 'checking' }, effects: [{ kind: 'checkAgent', placed: agent.placed }] };
  }
  if (agent.state !== 'none') {
    return { state, effects: [] };
  }
  const { agentNamespace, agentImage, baseImage } = state.wanted;
  return {
    state: { ...state, agentWork: 'replacing', held: { ...state.held, agent: { state: 'placing' } } },
    effects: [
      {
        kind: 'placeAgent',
        spec: { namespace: agentNamespace, image: agentImage, baseImage, pod: state.policy.agentPod },
      },
    ],
  };
}

/** Something on the way to a living agent failed. */
export function failAgentWork(state: TunnelLost, because: Problem, moment: Moment): Transition {
  if (!isTransient(because)) {
    return undoToFailed(state, 'agent', because, moment);
  }
  const attempt = state.attempt + 1;
  const nextTryAt = moment.now + waitAfter(attempt, moment.jitter);
  return {
    state: { ...state, because, attempt, nextTryAt, agentWork: 'waiting' },
    effects: [{ kind: 'setTimer', timer: 'retry', at: nextTryAt }],
  };
}

/** Credentials could not be renewed. While the tunnel lives that is a warning; while it does not, it may be the end. */
export function failCredentials(state: InForce, because: Problem, moment: Moment): Transition {
  if (state.phase === 'tunnel-lost' && !isTransient(because)) {
    return undoToFailed(state, 'tunnel', because, moment);
  }
  const warnings = { ...state.warnings, credentials: [because] };
  return state.phase === 'tunnel-lost'
    ? {
        state: { ...state, warnings, because },
        effects: [{ kind: 'setTimer', timer: 'retry', at: moment.now + waitAfter(state.attempt + 1, moment.jitter) }],
      }
    : { state: { ...state, warnings }, effects: [] };
}

function returnToConnected(state: TunnelLost, live: Live): Transition {
  const { wanted, cluster, policy, persistent, held, warnings, attempt, leftOnHost } = state;
  return {
    state: { phase: 'connected', wanted, cluster, policy, persistent, held, warnings, attempt, leftOnHost, live },
    effects: [{ kind: 'clearTimer', timer: 'retry' }],
  };
}

function loseTunnel(state: Connected, because: Problem, { now }: Moment): TunnelLost {
  return {
    ...state,
    phase: 'tunnel-lost',
    lostAt: now,
    nextTryAt: now,
    because,
    agentWork: 'none',
    sameAgentTries: 0,
  };
}

function takeNames<State extends InForce>(state: State, names: NamesInForce): State {
  const { clusterDomain } = state.live.names;
  const others = state.warnings.engine.filter(({ code }) => code === 'ping-unavailable');
  const inForce = namesFromEngine(names, clusterDomain);
  const engine = [...namesProblems(names), ...unheardWord(state.policy, inForce), ...others];
  return { ...state, live: { ...state.live, names: inForce }, warnings: { ...state.warnings, engine } };
}

/** A word of the user that has no effect is told as long as it is kept. */
function unheardWord({ answersFor }: Policy, names: Names): Problem[] {
  const refused = unheard(answersFor, names);
  return refused === null ? [] : [{ ...refused, severity: 'warning' }];
}

function factsOf(state: InForce): Readonly<Record<string, string>> {
  return { context: state.cluster.context };
}

function silent(): Problem {
  return problem('tunnel-silent', cause('heartbeat'));
}
