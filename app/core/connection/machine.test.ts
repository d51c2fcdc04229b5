import { describe, expect, it } from 'vitest';
import { connectionSchema, problem } from '../../contract/index.ts';
import { transition } from './machine.ts';
import { type EventName, events, moment, type Situation, situations } from './machine-samples.ts';
import { present } from './present.ts';
import type { ConnectionState, Effect } from './state.ts';

/** What each event leads to in each situation: the phase, then the effects. What is not named here does nothing. */
const table: { readonly [Name in Situation]: { readonly [Event in EventName]?: string } } = {
  off: {
    turnedOn: 'preparing, openCluster',
  },
  'preparing: opening the cluster': {
    turnedOff: 'off, abort',
    clusterOpened: 'preparing, reachCluster, discoverRanges, ensureHelper, startEngine',
    'taskFailed: open': 'failed, abort',
  },
  'preparing: asking cluster and helper': {
    turnedOff: 'disconnecting, abort',
    engineEnded: 'preparing, setTimer retry',
    'taskFailed: reach': 'disconnecting, abort',
    'taskFailed: engine': 'failed, abort, closeCluster',
  },
  'preparing: engine asks the helper': {
    turnedOff: 'disconnecting, abort, endEngine',
    'engine: prepared': 'preparing, placeAgent',
    'engine: needCredentials': 'preparing, sendCredentials',
    'engine: agentLost': 'disconnecting, abort, endEngine',
    'engine: helperLost': 'preparing, setTimer retry, endEngine',
    'engine: failed': 'disconnecting, abort, endEngine',
    engineEnded: 'preparing, setTimer retry',
    'taskFailed: credentials': 'disconnecting, abort, endEngine',
    'timerDue: deadline': 'preparing, setTimer retry, endEngine',
  },
  'preparing: placing the agent': {
    turnedOff: 'disconnecting, abort, endEngine',
    'engine: needCredentials': 'preparing, sendCredentials',
    'engine: agentLost': 'disconnecting, abort, endEngine',
    'engine: helperLost': 'preparing, setTimer retry, endEngine',
    'engine: failed': 'disconnecting, abort, endEngine',
    engineEnded: 'preparing, setTimer retry',
    agentPlaced: 'preparing, connectEngine, setTimer deadline',
    'taskFailed: agent': 'disconnecting, abort, endEngine',
    'taskFailed: credentials': 'disconnecting, abort, endEngine',
  },
  'preparing: engine connects': {
    turnedOff: 'disconnecting, abort, endEngine, deleteAgent',
    'engine: ready': 'connected, sendCatalogue, findStubDomains, offerDirect',
    'engine: needCredentials': 'preparing, sendCredentials',
    'engine: agentLost': 'disconnecting, abort, endEngine, deleteAgent',
    'engine: helperLost': 'preparing, setTimer retry, endEngine',
    'engine: failed': 'disconnecting, abort, endEngine, deleteAgent',
    engineEnded: 'preparing, setTimer retry',
    'taskFailed: credentials': 'disconnecting, abort, endEngine, deleteAgent',
    'timerDue: deadline': 'disconnecting, abort, endEngine, deleteAgent',
  },
  connected: {
    'engine: routes': 'connected, sendPlan',
    homeChosen: 'connected, sendCatalogue',
    turnedOff: 'disconnecting, abort, endEngine, deleteAgent',
    catalogueSeen: 'connected, setTimer catalogue-send',
    rangesOutgrown: 'connected, discoverRangesAgain',
    rangesFoundAgain: 'connected, sendPlan',
    'engine: tunnel down': 'tunnel-lost, protectAddresses',
    'engine: tunnel down again': 'tunnel-lost, protectAddresses',
    'engine: needCredentials': 'connected, sendCredentials',
    'engine: agentLost': 'tunnel-lost, checkAgent',
    'engine: helperLost': 'engine-lost, setTimer retry, endEngine',
    'engine: failed': 'engine-lost, setTimer retry, endEngine',
    engineEnded: 'engine-lost, setTimer retry',
    'timerDue: catalogue-send': 'connected, sendCatalogue',
    directOffered: 'connected, sendDirect',
    'timerDue: direct': 'connected, offerDirect',
  },
  'tunnel lost': {
    'engine: routes': 'tunnel-lost, sendPlan',
    homeChosen: 'tunnel-lost, sendCatalogue',
    turnedOff: 'disconnecting, abort, endEngine, deleteAgent',
    catalogueSeen: 'tunnel-lost, setTimer catalogue-send',
    rangesOutgrown: 'tunnel-lost, discoverRangesAgain',
    rangesFoundAgain: 'tunnel-lost, sendPlan',
    'engine: tunnel up': 'connected',
    'engine: tunnel down': 'tunnel-lost, protectAddresses',
    'engine: tunnel down again': 'tunnel-lost, protectAddresses, checkAgent',
    'engine: needCredentials': 'tunnel-lost, sendCredentials',
    'engine: agentLost': 'tunnel-lost, checkAgent',
    'engine: helperLost': 'engine-lost, setTimer retry, endEngine',
    'engine: failed': 'engine-lost, setTimer retry, endEngine',
    engineEnded: 'engine-lost, setTimer retry, ensureHelper, startEngine',
    'taskFailed: credentials': 'disconnecting, abort, endEngine, deleteAgent',
    'timerDue: retry': 'tunnel-lost, sendCredentials',
    'timerDue: catalogue-send': 'tunnel-lost, sendCatalogue',
    directOffered: 'tunnel-lost, sendDirect',
    'timerDue: direct': 'tunnel-lost, offerDirect',
  },
  'tunnel lost: looking up an agent that does not answer': {
    'engine: routes': 'tunnel-lost, sendPlan',
    homeChosen: 'tunnel-lost, sendCatalogue',
    turnedOff: 'disconnecting, abort, endEngine, deleteAgent',
    catalogueSeen: 'tunnel-lost, setTimer catalogue-send',
    rangesOutgrown: 'tunnel-lost, discoverRangesAgain',
    rangesFoundAgain: 'tunnel-lost, sendPlan',
    'engine: tunnel up': 'connected',
    'engine: tunnel down': 'tunnel-lost, protectAddresses',
    'engine: tunnel down again': 'tunnel-lost, protectAddresses',
    'engine: needCredentials': 'tunnel-lost, sendCredentials',
    'engine: helperLost': 'engine-lost, setTimer retry, endEngine',
    'engine: failed': 'engine-lost, setTimer retry, endEngine',
    engineEnded: 'engine-lost, setTimer retry, ensureHelper, startEngine',
    'agentChecked: lives': 'tunnel-lost',
    'agentChecked: gone': 'tunnel-lost, forgetAgent, deleteAgent',
    'taskFailed: agent-check': 'tunnel-lost',
    'taskFailed: credentials': 'disconnecting, abort, endEngine, deleteAgent',
    'timerDue: retry': 'tunnel-lost, sendCredentials',
    'timerDue: catalogue-send': 'tunnel-lost, sendCatalogue',
    directOffered: 'tunnel-lost, sendDirect',
    'timerDue: direct': 'tunnel-lost, offerDirect',
  },
  'tunnel lost: looking for the agent': {
    'engine: routes': 'tunnel-lost, sendPlan',
    homeChosen: 'tunnel-lost, sendCatalogue',
    turnedOff: 'disconnecting, abort, endEngine, deleteAgent',
    catalogueSeen: 'tunnel-lost, setTimer catalogue-send',
    rangesOutgrown: 'tunnel-lost, discoverRangesAgain',
    rangesFoundAgain: 'tunnel-lost, sendPlan',
    'engine: tunnel up': 'connected',
    'engine: tunnel down': 'tunnel-lost, protectAddresses',
    'engine: tunnel down again': 'tunnel-lost, protectAddresses',
    'engine: needCredentials': 'tunnel-lost, sendCredentials',
    'engine: helperLost': 'engine-lost, setTimer retry, endEngine',
    'engine: failed': 'engine-lost, setTimer retry, endEngine',
    engineEnded: 'engine-lost, setTimer retry, ensureHelper, startEngine',
    'agentChecked: lives': 'tunnel-lost, sendAgent',
    'agentChecked: gone': 'tunnel-lost, forgetAgent, deleteAgent',
    'taskFailed: agent-check': 'tunnel-lost, setTimer retry',
    'taskFailed: credentials': 'disconnecting, abort, endEngine, deleteAgent',
    'timerDue: retry': 'tunnel-lost, sendCredentials',
    'timerDue: catalogue-send': 'tunnel-lost, sendCatalogue',
    directOffered: 'tunnel-lost, sendDirect',
    'timerDue: direct': 'tunnel-lost, offerDirect',
  },
  'tunnel lost: placing another agent': {
    'engine: routes': 'tunnel-lost, sendPlan',
    homeChosen: 'tunnel-lost, sendCatalogue',
    turnedOff: 'disconnecting, abort, endEngine',
    catalogueSeen: 'tunnel-lost, setTimer catalogue-send',
    rangesOutgrown: 'tunnel-lost, discoverRangesAgain',
    rangesFoundAgain: 'tunnel-lost, sendPlan',
    'engine: tunnel down': 'tunnel-lost, protectAddresses',
    'engine: tunnel down again': 'tunnel-lost, protectAddresses',
    'engine: needCredentials': 'tunnel-lost, sendCredentials',
    'engine: helperLost': 'engine-lost, setTimer retry, endEngine',
    'engine: failed': 'engine-lost, setTimer retry, endEngine',
    engineEnded: 'engine-lost, setTimer retry, ensureHelper, startEngine',
    agentPlaced: 'tunnel-lost, sendAgent, sendCatalogue, offerDirect',
    'taskFailed: agent': 'tunnel-lost, setTimer retry',
    'taskFailed: credentials': 'disconnecting, abort, endEngine',
    'timerDue: retry': 'tunnel-lost, sendCredentials',
    'timerDue: catalogue-send': 'tunnel-lost, sendCatalogue',
  },
  'tunnel lost: waiting to place again': {
    'engine: routes': 'tunnel-lost, sendPlan',
    homeChosen: 'tunnel-lost, sendCatalogue',
    turnedOff: 'disconnecting, abort, endEngine',
    catalogueSeen: 'tunnel-lost, setTimer catalogue-send',
    rangesOutgrown: 'tunnel-lost, discoverRangesAgain',
    rangesFoundAgain: 'tunnel-lost, sendPlan',
    'engine: tunnel down': 'tunnel-lost, protectAddresses',
    'engine: tunnel down again': 'tunnel-lost, protectAddresses',
    'engine: needCredentials': 'tunnel-lost, sendCredentials',
    'engine: helperLost': 'engine-lost, setTimer retry, endEngine',
    'engine: failed': 'engine-lost, setTimer retry, endEngine',
    engineEnded: 'engine-lost, setTimer retry, ensureHelper, startEngine',
    'taskFailed: credentials': 'disconnecting, abort, endEngine',
    'timerDue: retry': 'tunnel-lost, placeAgent',
    'timerDue: catalogue-send': 'tunnel-lost, sendCatalogue',
  },
  'engine lost: starting another': {
    turnedOff: 'disconnecting, abort, deleteAgent, inspectHost',
    'timerDue: retry': 'engine-lost, ensureHelper, startEngine',
  },
  'disconnecting: to off': {
    engineEnded: 'disconnecting, inspectHost',
  },
  'disconnecting: while the engine starts': {
    engineStarted: 'disconnecting, endEngine',
    engineEnded: 'off, closeCluster',
    'taskFailed: engine': 'off, closeCluster',
  },
  'disconnecting: while the agent is placed': {
    agentPlaced: 'disconnecting, deleteAgent',
  },
  'disconnecting: asking what is left': {
    hostInspected: 'off, closeCluster',
  },
  'disconnecting: to failed': {},
  failed: {
    turnedOn: 'preparing, openCluster',
    turnedOff: 'off, abort',
  },
};

/** Effects by name; clearing timers, the undo deadline and the log are told by other tests. */
function named(effects: readonly Effect[]): string[] {
  return effects
    .map((effect) => ('timer' in effect ? `${effect.kind} ${effect.timer}` : effect.kind))
    .filter((name) => name !== 'log' && !name.startsWith('clearTimer') && name !== 'setTimer undo');
}

const situationNames = Object.keys(situations) as Situation[];
const eventNames = Object.keys(events) as EventName[];

describe.each(situationNames)('%s', (situation) => {
  const state: ConnectionState = situations[situation];

  it.each(eventNames)('%s', (name) => {
    const next = transition(state, events[name], moment);
    expect([next.state.phase, ...named(next.effects)].join(', ')).toBe(table[situation][name] ?? state.phase);
  });

  it('is shown in the form of the contract', () => {
    expect(connectionSchema.safeParse(present(state)).error).toBeUndefined();
  });
});

describe('another home namespace', () => {
  it.each(situationNames)('is what is wanted from then on: %s', (situation) => {
    const { state } = transition(situations[situation], events.homeChosen, moment);
    const order = state.phase === 'disconnecting' && state.afterwards.to === 'on' ? state.afterwards.order : state;
    expect(order.wanted.homeNamespace).toBe('infra');
  });

  it('is not forgotten by a connect that waits for undoing', () => {
    const turning = transition(situations['disconnecting: to off'], events.turnedOn, moment).state;
    const { state } = transition(turning, events.homeChosen, moment);
    expect(state).toMatchObject({ afterwards: { to: 'on', order: { wanted: { homeNamespace: 'infra' } } } });
  });

  it('is told to the engine once', () => {
    const first = transition(situations.connected, events.homeChosen, moment);
    expect(named(first.effects)).toEqual(['sendCatalogue']);
    expect(named(transition(first.state, events.homeChosen, moment).effects)).toEqual([]);
  });
});

/** Helper and engine start side by side. */
describe('an engine that starts while the helper is busy', () => {
  it.each<readonly EventName[]>([
    ['engineStarted', 'timerDue: retry'],
    ['timerDue: retry', 'engineStarted'],
  ])('is not started again, and prepares: %s, then %s', (...order) => {
    const lost = transition(situations['engine lost: starting another'], events['timerDue: retry'], moment);
    expect(named(lost.effects)).toEqual(['ensureHelper', 'startEngine']);
    const busy = { kind: 'taskFailed', task: 'helper', problem: problem('helper-busy', 'it undoes') } as const;
    let { state } = transition(lost.state, busy, moment);
    const begun: string[] = [];
    for (const name of [...order, 'helperReady'] as const) {
      const next = transition(state, events[name], moment);
      begun.push(...named(next.effects));
      state = next.state;
    }
    expect(begun).toEqual(['ensureHelper', 'prepareEngine', 'setTimer deadline']);
  });
});

/** Everything that was begun reports some time. Whatever else happened, undoing then ends with nothing held. */
describe('undoing', () => {
  it.each(situationNames)('from %s ends with nothing held', (situation) => {
    let { state } = transition(situations[situation], events.turnedOff, moment);
    for (let round = 0; round < 10 && state.phase === 'disconnecting'; round += 1) {
      const { engine, agent } = state.held;
      const next: EventName[] = [
        ...(engine === 'starting' ? (['engineStarted'] as const) : []),
        ...(engine === 'ending' ? (['engine: stopped', 'engineEnded'] as const) : []),
        ...(agent.state === 'placing' ? (['agentPlaced'] as const) : []),
        ...(agent.state === 'deleting' ? (['agentDeleted'] as const) : []),
        ...(state.inspecting ? (['hostInspected'] as const) : []),
      ];
      expect(next, `${JSON.stringify(state.held)} waits for nobody`).not.toEqual([]);
      for (const name of next) {
        state = transition(state, events[name], moment).state;
      }
    }
    expect(state.phase).toBe('off');
    expect(state.held).toEqual({ cluster: 'none', engine: 'none', agent: { state: 'none' }, host: 'clean' });
  });

  it('lets no event but the order to connect begin anything', () => {
    for (const situation of situationNames.filter((name) => name.startsWith('disconnecting'))) {
      for (const name of eventNames.filter((candidate) => candidate !== 'turnedOn')) {
        const { effects } = transition(situations[situation], events[name], moment);
        const begun = effects.filter(({ kind }) =>
          ['openCluster', 'startEngine', 'placeAgent', 'prepareEngine', 'connectEngine', 'ensureHelper'].includes(kind),
        );
        expect(begun, `${situation}, ${name}`).toEqual([]);
      }
    }
  });

  it('turns round to preparing when it is wanted on again, without showing off in between', () => {
    let { state } = transition(situations['disconnecting: to off'], events.turnedOn, moment);
    const phases = [state.phase];
    for (const name of ['engine: stopped', 'engineEnded', 'agentDeleted'] as const) {
      state = transition(state, events[name], moment).state;
      phases.push(state.phase);
    }
    expect(phases).toEqual(['disconnecting', 'disconnecting', 'disconnecting', 'preparing']);
  });
});

it.each([
  ['clusterReached', 'rangesFound'],
  ['rangesFound', 'clusterReached'],
] as const)('reads no catalogue before what a connect waits for was answered: %s, then %s', (first, second) => {
  const opened = transition(situations['preparing: opening the cluster'], events.clusterOpened, moment).state;
  const before = transition(opened, events[first], moment);
  const after = transition(before.state, events[second], moment);
  expect(named(before.effects)).not.toContain('watchCatalogue');
  expect(named(after.effects)).toContain('watchCatalogue');
  expect(named(transition(after.state, events.engineStarted, moment).effects)).not.toContain('watchCatalogue');
});
