/** Small words that the machine's parts are written with. Pure. */
import { parsePrefix } from '../../contract/prefix.ts';
import { isIn, ownWays } from '../routing/kept-parts.ts';
import type {
  ComingUp,
  ConnectionEvent,
  ConnectionState,
  Effect,
  Established,
  Held,
  InForce,
  Transition,
} from './state.ts';

export function isComingUp(state: ConnectionState): state is ComingUp {
  return state.phase === 'preparing' || state.phase === 'engine-lost';
}

/** Which names resolve, and whose, and what is dialled to see that it is reached: the engine sends on what changed. */
export function sendCatalogue({ wanted, policy, live, held }: InForce): Effect {
  const { clusterDomain } = live.names;
  return {
    kind: 'sendCatalogue',
    homeNamespace: wanted.homeNamespace,
    answersFor: policy.answersFor,
    extraDomains: policy.extraDomains,
    clusterDomain,
    agentNode: held.agent.state === 'placed' ? held.agent.placed.node : '',
  };
}

export function isInForce(state: ConnectionState): state is InForce {
  return state.phase === 'connected' || state.phase === 'tunnel-lost';
}

export function isEstablished(state: ConnectionState): state is Established {
  return isInForce(state) || state.phase === 'engine-lost';
}

export function holding<State extends ConnectionState>(state: State, change: Partial<Held>): State {
  return { ...state, held: { ...state.held, ...change } };
}

export function only(state: ConnectionState): Transition {
  return { state, effects: [] };
}

export function unexpected(state: ConnectionState, event: ConnectionEvent): Transition {
  const said = event.kind === 'engineSaid' ? { engine: event.event.event } : {};
  const log: Effect = {
    kind: 'log',
    message: 'unexpected event ignored',
    facts: { phase: state.phase, event: event.kind, ...said },
  };
  return { state, effects: [log] };
}

/** Whether this computer reaches an address without the tunnel, as a node of the cluster or by a route of its own; of a name, whether any. */
export function hasOwnWay(state: ConnectionState, host: string): boolean {
  const ways = isInForce(state) ? ownWays(state.live.routes) : [];
  return parsePrefix(host) === null ? ways.length > 0 : ways.some((way) => isIn(way, host));
}
