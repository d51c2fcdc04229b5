/**
 * The way to a pod's address as a program on this laptop goes it: the route by the kernel, the tunnel by the engine's
 * heartbeat, an ordinary connection and, where the port speaks HTTP, an ordinary request. Whether the pod is ready is
 * said, and stops nothing: what is not ready may answer.
 */
import { cause, failure, type Pod, problem, type Result, success, type TestStep } from '../../contract/index.ts';
import { httpOfPort } from '../catalog/http-ports.ts';
import type { Runner } from '../connection/runner.ts';
import type { Ports } from '../ports.ts';
import { bad, good, httpStep, notChecked, stepOf } from './test-service.ts';

export interface PodTarget {
  readonly context: string;
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

const order = ['route', 'tunnel', 'endpoint', 'connection', 'http'] as const;

/** The runner's connection is established. Refused where there is no such pod, or none with an address that is routed. */
export async function testPod(ports: Ports, runner: Runner, target: PodTarget): Promise<Result<{ steps: TestStep[] }>> {
  const pod = await findPod(runner, target);
  if (!pod.ok) {
    return pod;
  }
  const address = pod.value.addresses.find((one) => !one.includes(':')) ?? pod.value.addresses[0];
  if (address === undefined) {
    const because = cause('podNoAddress', { status: pod.value.status || 'Pending' });
    return failure(problem('connection-failed', because, { context: target.context }));
  }
  const http = httpOf(pod.value, target.port);
  const steps: TestStep[] = [];
  const finish = () => {
    const rest = order.filter((step) => !steps.some((done) => done.step === step));
    const because = (step: string) => (step === 'http' && http === null ? cause('noHttpPort') : cause('earlierStep'));
    return success({ steps: [...steps, ...rest.map((step) => notChecked(step, because(step)))] });
  };
  const tested = await runner.test(address, target.port);
  if (!tested.ok) {
    steps.push(bad('route', tested.problem, 0));
    return finish();
  }
  for (const name of ['route', 'tunnel'] as const) {
    const step = stepOf(name, tested.value, target.context);
    if (step !== null) {
      steps.push(step);
    }
    if (step?.state !== 'good') {
      return finish();
    }
  }
  const { status, ready, total } = pod.value;
  const readiness = cause('podNotReady', { status, ready, total });
  steps.push(
    pod.value.health === 'ready'
      ? good('endpoint', cause('endpointsReady', { ready, total }), 0)
      : notChecked('endpoint', readiness),
  );
  const connection =
    stepOf('connection', tested.value, target.context) ?? notChecked('connection', cause('needsEngine'));
  const isGood = connection.state === 'good';
  steps.push(isGood ? good('connection', `${address}:${target.port}`, connection.milliseconds) : connection);
  if (isGood && http !== null) {
    const asked = { secure: http === 'https', address, host: address, port: target.port };
    steps.push(await httpStep(ports, asked, async () => [pod.value], target.context));
  }
  return finish();
}

/** Among those that are watched, else by asking the cluster. */
async function findPod(runner: Runner, { namespace, pod, context }: PodTarget): Promise<Result<Pod>> {
  const isIt = (one: Pod) => one.namespace === namespace && one.name === pod;
  const known = runner.pods.list()?.pods.find(isIt);
  const listed = known === undefined ? await runner.cluster()?.listPods([namespace]) : undefined;
  if (listed?.ok === false) {
    return listed;
  }
  const found = known ?? listed?.value.pods.find(isIt);
  return found === undefined ? failure(problem('connection-failed', cause('podGone'), { context })) : success(found);
}

function httpOf({ containers }: Pod, port: number): 'http' | 'https' | null {
  const declared = containers.flatMap(({ ports }) => ports).find((one) => one.port === port);
  return httpOfPort({ name: '', protocol: 'TCP', port, application: '', ...declared });
}
