/** What a fake engine answers when the way to a name or address is tested, by the fake laptop and cluster. */
import { cause, type Problem, problem } from '../contract/index.ts';
import type { EngineCommand, Tested } from '../core/engine-messages.ts';
import type { FakeCluster } from './cluster.ts';
import type { FakeHost } from './host.ts';
import { overlaps } from './prefixes.ts';
import { wire } from './wire-problem.ts';

type Asked = Extract<EngineCommand, { command: 'test' }>['test'];

export function testedSteps(
  laptop: Pick<FakeHost, 'routes' | 'tun' | 'virtualOf' | 'realOf'>,
  cluster: FakeCluster,
  isUp: boolean,
  { host, port, ownWay = false }: Pick<Asked, 'host' | 'port' | 'ownWay'>,
): Tested['steps'] {
  const isAddress = /^[\d.]+$/.test(host);
  const asked = isAddress ? host : '10.96.0.1';
  const address = laptop.virtualOf(asked);
  const name = { step: 'name', microseconds: 400, answer: address };
  const isRouted = laptop.routes.some((prefix) => overlaps(prefix, address));
  if (!isRouted && !ownWay) {
    const missing = problem('route-missing', cause('notIntoTunnel', { address }));
    return [name, { step: 'route', microseconds: 5, problem: wire(missing) }];
  }
  const route = { step: 'route', microseconds: 5, answer: ownWay ? '' : (laptop.tun ?? '') };
  if (!isUp) {
    const silent = problem('tunnel-silent', cause('tunnelSilent'));
    return [name, route, { step: 'tunnel', microseconds: 1, problem: wire(silent) }];
  }
  const tunnel = { step: 'tunnel', microseconds: 900 };
  const refusal = cluster.refusals.get(`${laptop.realOf(address)}:${port}`);
  const connection = { step: 'connection', microseconds: 1100, ...(refusal ? { problem: wire(refusal) } : {}) };
  return [name, route, tunnel, ...(port === 0 ? [] : [connection])];
}

/** The steps and, where a connection stands, the request on it and what took how long. */
export function exchanged(
  { httpStatus, times }: FakeHost,
  steps: Tested['steps'],
  { request }: Pick<Asked, 'request'>,
  because: Problem | null,
): Pick<Tested, 'steps' | 'times'> {
  if (!steps.some(({ step, problem }) => step === 'connection' && !problem)) {
    return { steps };
  }
  const { laptop, tunnel, dial, service } = times;
  const stood = { laptopMicroseconds: laptop, tunnelMicroseconds: tunnel, dialMicroseconds: dial };
  if (request === undefined) {
    return { steps, times: stood };
  }
  return because === null
    ? {
        steps: [...steps, { step: 'request', microseconds: tunnel + service, answer: httpStatus }],
        times: { ...stood, serviceMicroseconds: service },
      }
    : { steps: [...steps, { step: 'request', microseconds: 1, problem: wire(because) }], times: stood };
}
