/** Sample states and events for the machine's table test: one state for each situation, one event for each kind. */
import { cause, noAgentPodChoices, problem } from '../../contract/index.ts';
import type { EngineEvent } from '../engine-messages.ts';
import { transition } from './machine.ts';
import { type ConnectionEvent, type ConnectionState, initialState, type Moment, type Order } from './state.ts';

export const moment: Moment = { now: 1_000_000, jitter: 0.5 };

const agent = { namespace: 'webshop', pod: 'agent-1', build: 'b', delivery: 'sent', image: 'busybox' } as const;
const placed = { target: { namespace: 'webshop', pod: 'agent-1', port: 8723 }, agent, node: 'n1' };
const cluster = { context: 'production', file: 'config', server: 'https://api' };
const wanted = {
  context: 'production',
  file: 'config',
  homeNamespace: 'webshop',
  agentNamespace: 'webshop',
  agentImage: '',
  baseImage: 'busybox',
};
const policy = {
  ...{
    recover: true,
    names: true,
    extraRanges: [],
    excludedRanges: [],
    routedRanges: [],
    narrowedRanges: [],
    mappedRanges: [],
    answersFor: '',
    extraDomains: [],
  },
  ...({ directPath: 'pod', directAddress: '' } as const),
  agentPod: noAgentPodChoices,
};
const order: Order = { wanted, cluster, policy, restored: false };
const hello = { protocol: 4, build: 'b', role: 'helper' };
const transient = problem('api-unreachable', 'no route');
const forGood = problem('forbidden', 'denied');

function said(event: EngineEvent): ConnectionEvent {
  return { kind: 'engineSaid', event };
}

const prepared: EngineEvent = {
  event: 'prepared',
  prepared: {
    helper: hello,
    host: {
      resolverMode: 'resolved',
      upstreams: [],
      domains: [],
      tunAvailable: true,
      leaseHeld: false,
      leftOver: 0,
    },
    decisions: [{ prefix: '10.96.0.0/16', decision: 'routed' }],
  },
};
const ready: EngineEvent = {
  event: 'ready',
  ready: {
    interface: 'slipway0',
    mtu: 16_000,
    path: 'apiserver',
    routes: [{ prefix: '10.96.0.0/16', decision: 'routed' }],
    names: {
      mode: 'resolved',
      resolver: '198.18.0.3',
      domains: ['svc'],
      search: [],
      upstreams: ['192.168.1.1'],
      refused: [],
    },
    agent: { build: 'b', nameservers: [], clusterDomain: 'cluster.local', search: [], canPing: true },
    addresses: [{ laptop: '198.18.5.2', engine: '198.18.5.3' }],
  },
};
const wireProblem = { code: 'api-unreachable', cause: 'no route' };

/** One event of each kind, and of each kind that the engine says. */
export const events = {
  turnedOn: { kind: 'turnedOn', ...order },
  turnedOff: { kind: 'turnedOff' },
  policyChanged: { kind: 'policyChanged', policy: { ...policy, recover: false } },
  clusterOpened: { kind: 'clusterOpened', cluster },
  clusterReached: { kind: 'clusterReached', problems: [] },
  rangesFound: {
    kind: 'rangesFound',
    ranges: [{ prefix: '10.96.0.0/16', kind: 'services', origin: 'service-cidr' }],
  },
  catalogueSeen: { kind: 'catalogueSeen', problems: [] },
  rangesOutgrown: { kind: 'rangesOutgrown' },
  rangesFoundAgain: {
    kind: 'rangesFoundAgain',
    ranges: [
      { prefix: '10.96.0.0/16', kind: 'services', origin: 'service-cidr' },
      { prefix: '10.97.0.0/16', kind: 'services', origin: 'service-cidr' },
    ],
  },
  helperReady: { kind: 'helperReady' },
  engineStarted: { kind: 'engineStarted' },
  'engine: hello': said({ event: 'hello', hello }),
  'engine: prepared': said(prepared),
  'engine: step': said({ event: 'step', step: { step: 'routes' } }),
  'engine: ready': said(ready),
  'engine: tunnel up': said({ event: 'tunnel', tunnel: { state: 'up', path: 'apiserver' } }),
  'engine: tunnel down': said({ event: 'tunnel', tunnel: { state: 'down', path: 'apiserver', because: wireProblem } }),
  'engine: tunnel down again': said({
    event: 'tunnel',
    tunnel: {
      state: 'down',
      path: 'apiserver',
      attempt: 2,
      because: { code: 'api-unreachable', cause: 'no answer in time' },
    },
  }),
  'engine: path': said({
    event: 'path',
    path: {
      path: 'direct',
      candidate: { kind: 'pod', host: '10.244.0.9', port: 8724 },
      roundTripMicroseconds: 400,
      mtu: 1400,
      tried: [{ kind: 'pod', host: '10.244.0.9', port: 8724, outcome: 'works', detail: '' }],
    },
  }),
  'engine: names': said({
    event: 'names',
    names: { mode: 'off', resolver: '', domains: [], search: [], upstreams: [], refused: [] },
  }),
  'engine: routes': said({
    event: 'routes',
    routes: {
      decisions: [{ prefix: '10.96.0.0/16', decision: 'refused', reason: 'resolver', conflict: '10.96.2.53' }],
    },
  }),
  'engine: counters': said({
    event: 'counters',
    counters: {
      bytesUp: 1,
      bytesDown: 2,
      packetsUp: 1,
      packetsDown: 1,
      flows: 1,
      roundTripMicroseconds: 5,
      refused: { memory: 0, descriptors: 0, ports: 0, unanswered: 0 },
      routes: [{ prefix: '10.96.0.0/16', bytesUp: 1, bytesDown: 2 }],
    },
  }),
  'engine: needCredentials': said({ event: 'needCredentials' }),
  'engine: agentLost': said({ event: 'agentLost', problem: { code: 'agent-gone', cause: 'not found' } }),
  'engine: helperLost': said({ event: 'helperLost', problem: { code: 'helper-lost', cause: 'its link broke' } }),
  'engine: tested': said({ event: 'tested', tested: { id: 1, steps: [] } }),
  'engine: failed': said({ event: 'failed', failed: { during: 'tunnel', problem: wireProblem, leftOver: 0 } }),
  'engine: stopped': said({ event: 'stopped', stopped: { leftOver: 0 } }),
  engineEnded: { kind: 'engineEnded', because: 'killed' },
  clusterWaits: { kind: 'clusterWaits', detail: cause('serverBusy', { said: 'overloaded', seconds: 1 }) },
  agentDetail: { kind: 'agentDetail', detail: 'pulling' },
  agentPlaced: { kind: 'agentPlaced', placed },
  'agentChecked: lives': { kind: 'agentChecked', lives: true },
  'agentChecked: gone': { kind: 'agentChecked', lives: false },
  agentDeleted: { kind: 'agentDeleted', problem: null },
  directOffered: {
    kind: 'directOffered',
    pod: 'agent-1',
    offered: { ok: true, value: { candidates: [], problems: [], nodeUnread: false } },
  },
  credentialsSent: { kind: 'credentialsSent' },
  'taskFailed: open': { kind: 'taskFailed', task: 'open', problem: forGood },
  'taskFailed: reach': { kind: 'taskFailed', task: 'reach', problem: transient },
  'taskFailed: engine': { kind: 'taskFailed', task: 'engine', problem: transient },
  'taskFailed: agent': { kind: 'taskFailed', task: 'agent', problem: transient },
  'taskFailed: agent-check': { kind: 'taskFailed', task: 'agent-check', problem: transient },
  'taskFailed: credentials': { kind: 'taskFailed', task: 'credentials', problem: forGood },
  hostInspected: { kind: 'hostInspected', leftOver: 0 },
  'timerDue: retry': { kind: 'timerDue', timer: 'retry' },
  'timerDue: deadline': { kind: 'timerDue', timer: 'deadline' },
  'timerDue: catalogue-send': { kind: 'timerDue', timer: 'catalogue-send' },
  'timerDue: direct': { kind: 'timerDue', timer: 'direct' },
  homeChosen: { kind: 'homeChosen', homeNamespace: 'infra' },
  'timerDue: undo': { kind: 'timerDue', timer: 'undo' },
} as const satisfies Record<string, ConnectionEvent>;

export type EventName = keyof typeof events;

function after(state: ConnectionState, ...names: EventName[]): ConnectionState {
  return names.reduce((current, name) => transition(current, events[name], moment).state, state);
}

const off = initialState(wanted, cluster, policy);
const opening = after(off, 'turnedOn');
const asking = after(opening, 'clusterOpened');
const preparing = after(asking, 'clusterReached', 'rangesFound', 'catalogueSeen', 'helperReady', 'engineStarted');
const placing = after(preparing, 'engine: prepared');
const connecting = after(placing, 'agentPlaced');
const connected = after(connecting, 'engine: ready');
const tunnelLost = after(connected, 'engine: tunnel down');
const looking = after(tunnelLost, 'engine: tunnel down again');
const agentLost = after(connected, 'engine: agentLost');
const replacing = after(agentLost, 'agentChecked: gone', 'agentDeleted');
const waiting = after(replacing, 'taskFailed: agent');
const rebuilding = after(connected, 'engineEnded');
const undoing = after(connected, 'turnedOff');
const undoingStart = after(asking, 'helperReady', 'turnedOff');
const undoingPlacing = after(placing, 'turnedOff');
const inspecting = after(undoing, 'engineEnded', 'agentDeleted');
const undoingToFailed = after(connecting, 'engine: failed');
const failed = after(undoingToFailed, 'engine: stopped', 'engineEnded', 'agentDeleted');

/** Each situation that the machine can be in, by a name for the table. */
export const situations = {
  off,
  'preparing: opening the cluster': opening,
  'preparing: asking cluster and helper': asking,
  'preparing: engine asks the helper': preparing,
  'preparing: placing the agent': placing,
  'preparing: engine connects': connecting,
  connected,
  'tunnel lost': tunnelLost,
  'tunnel lost: looking up an agent that does not answer': looking,
  'tunnel lost: looking for the agent': agentLost,
  'tunnel lost: placing another agent': replacing,
  'tunnel lost: waiting to place again': waiting,
  'engine lost: starting another': rebuilding,
  'disconnecting: to off': undoing,
  'disconnecting: while the engine starts': undoingStart,
  'disconnecting: while the agent is placed': undoingPlacing,
  'disconnecting: asking what is left': inspecting,
  'disconnecting: to failed': undoingToFailed,
  failed,
} as const satisfies Record<string, ConnectionState>;

export type Situation = keyof typeof situations;
