/**
 * The way to a Service as a program on this laptop goes it: the name by the system's resolver, the route by the kernel,
 * the tunnel by the engine's heartbeat, what is ready behind it by the catalogue, then an ordinary connection and, where
 * the port speaks HTTP, an ordinary request on it, with whose part of their time is how long. Each step says what it found;
 * after a bad one the rest is not checked.
 */
import {
  answerOf,
  type Cause,
  cause,
  causeText,
  type Pod,
  type Problem,
  placeText,
  problem,
  type Route,
  type Service,
  type TestResult,
  type TestStep,
  toldAddress,
} from '../../contract/index.ts';
import { httpOfPort } from '../catalog/http-ports.ts';
import { isEstablished } from '../connection/outcome.ts';
import type { Runner } from '../connection/runner.ts';
import type { ConnectionState } from '../connection/state.ts';
import { problemFromWire, type Tested } from '../engine-messages.ts';
import { isAskedByAll } from '../naming/names.ts';
import type { Ports } from '../ports.ts';
import { exclusionOf } from '../routing/plan.ts';
import { podsBehind } from './pods-behind.ts';
import { timesOf } from './time-split.ts';
import { isOfApiServer, isWithoutTcp, mayAnswer, stopsBefore, stopsConnection, stopsRequest } from './what-stops.ts';

type Name = TestStep['step'];

const order: readonly Name[] = ['name', 'route', 'tunnel', 'endpoint', 'connection', 'http'];

export interface Target {
  readonly context: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
}

/** The runner's connection is established. */
export async function testService(ports: Ports, runner: Runner, target: Target): Promise<TestResult> {
  const state = runner.state();
  const names = isEstablished(state) ? state.live.names : null;
  const catalogue = await runner.firstCatalogue();
  const service = catalogue?.services.find(
    (candidate) => candidate.namespace === target.namespace && candidate.name === target.service,
  );
  const steps: TestStep[] = [];
  const http = speaksHttp(service, target.port);
  const finish = (times: TestResult['times'] = null): TestResult => ({
    steps: [
      ...steps,
      ...order
        .filter((step) => !steps.some((done) => done.step === step))
        .map((step) => notChecked(step, step === 'http' && http === null ? cause('noHttpPort') : cause('earlierStep'))),
    ],
    times,
  });

  const host = hostOf(target, names?.clusterDomain ?? '');
  if (service?.type === 'ExternalName') {
    const { step } = await askName(ports, host, [], null, target.context);
    const outside = cause('aliasOutside', { name: service.externalName });
    return { steps: [step, ...order.slice(1).map((name) => notChecked(name, outside))], times: null };
  }
  let address = service?.addresses[0] ?? '';
  const isNamed = isAskedByAll(names);
  if (!isNamed) {
    const isProxy = names?.mode === 'proxy';
    if (address === '') {
      const because = cause(isProxy ? 'namesByProxy' : 'namesOff');
      steps.push(bad('name', problem('name-unknown', because, facts(target)), 0));
      return finish();
    }
    steps.push(notChecked('name', cause(isProxy ? 'namesByProxyAddress' : 'namesOffAddress', { address })));
  } else {
    const routes = isEstablished(state) ? state.live.routes : [];
    const asked = await askName(ports, host, routes, service ?? null, target.context);
    steps.push(asked.step);
    if (asked.address === '') {
      return finish();
    }
    address = asked.address;
  }

  const asked = service === undefined ? null : { service, port: target.port, context: target.context };
  const endpoint = endpointStep(service ?? null, target);
  const isDialled = endpoint.state !== 'bad' && (asked === null || !isWithoutTcp(asked));
  // Where nothing is ready, dialling tells nothing that is not known: port 0 leaves it out.
  const shown = isNamed || names?.mode === 'proxy' ? host : address;
  const tested = await runner.test(
    address,
    isDialled ? target.port : 0,
    http === null ? null : { as: http, name: shown },
  );
  if (!tested.ok) {
    steps.push(bad('route', tested.problem, 0));
    return finish();
  }
  for (const name of ['route', 'tunnel'] as const) {
    const found = stepOf(name, tested.value, target.context);
    // A range that the user left out is why; nothing has to be added to the settings then.
    const excluded = name === 'route' && found?.state === 'bad' ? excludedBy(state, address) : null;
    const step = excluded === null ? found : bad('route', excluded, found?.milliseconds ?? 0);
    if (step !== null) {
      steps.push(step);
    }
    if (step?.state !== 'good') {
      return finish();
    }
  }
  steps.push(endpoint);
  if (endpoint.state === 'bad') {
    return finish();
  }
  const found = stepOf('connection', tested.value, target.context);
  const connection = found ?? notChecked('connection', isDialled ? cause('needsEngine') : cause('withoutTcp'));
  if (connection.state === 'good') {
    steps.push(good('connection', placeText({ host: address, port: target.port }), connection.milliseconds));
  } else {
    const pods = connection.state === 'bad' && service !== undefined ? await podsBehind(runner, service) : [];
    steps.push(explained(connection, asked && ((because) => stopsConnection(asked, because.code, pods))));
  }
  const answered = await httpStep(
    tested.value,
    async () => (service === undefined ? [] : podsBehind(runner, service)),
    target.context,
  );
  if (answered !== null) {
    steps.push(answered);
  }
  return finish(timesOf(tested.value));
}

/** What came of the request; null where none was made. `pods` may be the reason where it went wrong, and are asked for only then. */
export async function httpStep(
  tested: Tested,
  pods: () => Promise<readonly Pod[]>,
  context: string,
): Promise<TestStep | null> {
  const step = stepOf('request', tested, context);
  return step?.problem ? bad('http', stopsRequest(step.problem, await pods(), context), step.milliseconds) : step;
}

/** A step that ended badly, with why where its Service tells. */
function explained(step: TestStep, why: ((because: Problem) => Cause | null) | null): TestStep {
  const said = step.problem === null ? null : (why?.(step.problem) ?? null);
  return step.problem === null || said === null
    ? step
    : bad(step.step, { ...step.problem, cause: causeText(said), said }, step.milliseconds);
}

function excludedBy(state: ConnectionState, address: string): Problem | null {
  return isEstablished(state) ? exclusionOf(state.live.routes, address) : null;
}

/** Asks as every program does, and tells an answer that is not the cluster's. */
async function askName(
  ports: Ports,
  host: string,
  routes: readonly Route[],
  service: Service | null,
  context: string,
): Promise<{ step: TestStep; address: string }> {
  const startedAt = ports.clock.now();
  const asked = await ports.resolverProbe.ask('', host);
  const milliseconds = ports.clock.now() - startedAt;
  if (!asked.ok) {
    return { step: bad('name', asked.problem, milliseconds), address: '' };
  }
  const [first = ''] = asked.value;
  if (first === '') {
    const isEmpty = service?.headless === true && !service.endpoints.some(({ ready }) => ready);
    const because = isEmpty
      ? problem('endpoints-missing', cause('headlessNone'), { context })
      : problem('name-unknown', cause('noAddress', { host }), { context });
    return { step: bad('name', because, milliseconds), address: '' };
  }
  const real =
    service === null ? [] : service.headless ? service.endpoints.map(({ address }) => address) : service.addresses;
  const own = real.map((address) => toldAddress(routes, address));
  const isElsewhere = own.length > 0 && !asked.value.some((address) => own.includes(address));
  if (isElsewhere) {
    const because = cause('takenFor', { host, found: asked.value.join(', '), own: own.join(', ') });
    return { step: bad('name', problem('name-elsewhere', because, { context }), milliseconds), address: '' };
  }
  const address = asked.value.find((candidate) => !candidate.includes(':')) ?? first;
  return { step: good('name', cause('nameIs', { name: host, address }), milliseconds), address };
}

function endpointStep(service: Service | null, target: Target): TestStep {
  if (service === null) {
    return notChecked('endpoint', cause('serviceUnseen'));
  }
  const { context, port } = target;
  const stopped = stopsBefore({ service, port, context });
  if (stopped !== null) {
    return bad('endpoint', stopped, 0);
  }
  const total = service.endpoints.length;
  const ready = service.endpoints.filter((endpoint) => endpoint.ready).length;
  const count = cause('endpointsReady', { ready, total });
  if (mayAnswer(service)) {
    const isSticky = service.traffic?.sticky === true && total > 1;
    return good('endpoint', isSticky ? cause('endpointsSticky', { ready, total }) : count, 0);
  }
  return total === 0 && isOfApiServer(service)
    ? notChecked('endpoint', cause('ownEndpoint'))
    : bad('endpoint', problem('endpoints-missing', count, { context: target.context }), 0);
}

export function stepOf(
  name: 'route' | 'tunnel' | 'connection' | 'request',
  tested: Tested,
  context: string,
): TestStep | null {
  const found = tested.steps.find(({ step }) => step === name);
  if (found === undefined) {
    return null;
  }
  const milliseconds = found.microseconds / 1000;
  const step = name === 'request' ? 'http' : name;
  return found.problem
    ? bad(step, problemFromWire(found.problem, { context }), milliseconds)
    : good(step, found.answer ?? '', milliseconds);
}

function speaksHttp(service: Service | undefined, port: number): 'http' | 'https' | null {
  const found = service?.ports.find((candidate) => candidate.port === port);
  return found === undefined ? null : httpOfPort(found);
}

function hostOf({ service, namespace }: Target, clusterDomain: string): string {
  return `${service}.${namespace}.svc${clusterDomain === '' ? '' : `.${clusterDomain}`}`;
}

function facts({ context }: Target): Readonly<Record<string, string>> {
  return { context };
}

export function good(step: Name, found: Cause | string, milliseconds: number): TestStep {
  return { step, state: 'good', ...answerOf(found), milliseconds, problem: null };
}

export function bad(step: Name, because: Problem, milliseconds: number): TestStep {
  return { step, state: 'bad', ...answerOf(because.said ?? because.cause), milliseconds, problem: because };
}

export function notChecked(step: Name, because: Cause): TestStep {
  return { step, state: 'not-checked', ...answerOf(because), milliseconds: 0, problem: null };
}
