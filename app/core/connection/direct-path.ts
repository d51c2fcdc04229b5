/**
 * The direct path of a connection: which places the engine is to try, by the user's word and the cluster's, and what it says
 * of them. The engine proves and chooses; nothing of this can end a connection. Pure.
 */
import type { PathCandidate, PathReason, Problem, Result } from '../../contract/index.ts';
import { readPlace } from '../../contract/index.ts';
import { mostCandidates, type PathInForce } from '../engine-messages.ts';
import type { DirectOffer } from '../ports.ts';
import { only } from './outcome.ts';
import type { ConnectionState, Effect, InForce, Live, Moment, Policy, Transition } from './state.ts';

/** How often it is looked whether the Service is there still, and whether what failed works now. Milliseconds. */
const offerEvery = 60_000;

/** Asks the cluster for the places of the present agent. */
export function offerDirect({ held: { agent }, policy }: InForce): readonly Effect[] {
  return agent.state === 'placed'
    ? [{ kind: 'offerDirect', placed: agent.placed, nodePort: policy.directPath === 'node-port' }]
    : [];
}

/** What the cluster answered, for the agent in this pod. Where it did not, what was known stays and it is asked again. */
export function takeOffer(
  state: InForce,
  { pod, offered }: { readonly pod: string; readonly offered: Result<DirectOffer> },
  { now }: Moment,
): Transition {
  const { agent } = state.held;
  if (agent.state !== 'placed' || agent.placed.target.pod !== pod) {
    return only(state);
  }
  // A Service that may not be deleted is still there, whatever is chosen.
  const isOver = offered.ok && state.policy.directPath !== 'node-port' && offered.value.problems.length === 0;
  const timer: Effect = isOver
    ? { kind: 'clearTimer', timer: 'direct' }
    : { kind: 'setTimer', timer: 'direct', at: now + offerEvery };
  if (!offered.ok) {
    return { state, effects: [timer] };
  }
  const { problems, nodeUnread } = offered.value;
  const live = { ...state.live, direct: { ...state.live.direct, nodeUnread } };
  return {
    state: { ...state, live, warnings: { ...state.warnings, direct: warningsFrom(problems) } },
    effects: [{ kind: 'sendDirect', candidates: candidatesFor(state.policy, offered.value) }, timer],
  };
}

/** What a change of settings asks for at once. What was allowed before ends also while the cluster does not answer. */
export function changeDirect(before: Policy, state: ConnectionState & InForce): readonly Effect[] {
  const { directPath, directAddress } = state.policy;
  if (before.directPath === directPath && before.directAddress === directAddress) {
    return [];
  }
  const isTakenBack = directPath === 'off' || before.directPath === 'node-port' || before.directPath === 'address';
  const known = candidatesFor(state.policy, { candidates: [] });
  const now: readonly Effect[] = isTakenBack ? [{ kind: 'sendDirect', candidates: known }] : [];
  return [...now, ...offerDirect(state)];
}

export function takePath<State extends InForce>(state: State, said: PathInForce): State {
  return { ...state, live: { ...state.live, path: said.path, direct: { ...state.live.direct, said } } };
}

/** Why the path is the one that it is; null before the engine said anything of it. */
export function pathReasonOf({ path, direct }: Live, { directPath }: Policy): PathReason | null {
  const { said, nodeUnread } = direct;
  if (said === null) {
    return null;
  }
  const inUse = path === 'direct' ? (said.candidate ?? null) : null;
  return {
    chosen: directPath,
    candidate: inUse,
    roundTripMicroseconds: inUse === null ? 0 : (said.roundTripMicroseconds ?? 0),
    mtu: inUse === null ? 0 : (said.mtu ?? 0),
    tried: [...said.tried],
    nodeUnread,
  };
}

/** The pod's own addresses first: they are the shortest way where they are one at all. */
function candidatesFor(
  { directPath, directAddress }: Policy,
  { candidates }: Pick<DirectOffer, 'candidates'>,
): PathCandidate[] {
  if (directPath === 'off') {
    return [];
  }
  const named = directPath === 'address' ? readPlace(directAddress) : null;
  const ofKind = (kind: PathCandidate['kind']) => candidates.filter((candidate) => candidate.kind === kind);
  const all: PathCandidate[] = [
    ...ofKind('pod'),
    ...(named === null ? [] : [{ kind: 'setting', ...named } as const]),
    ...(directPath === 'node-port' ? ofKind('node') : []), // the answer may be to what was chosen before
  ];
  return all.slice(0, mostCandidates);
}

/** The connection goes on without it. */
function warningsFrom(problems: readonly Problem[]): readonly Problem[] {
  return problems.map((told) => ({ ...told, severity: 'warning' }));
}
