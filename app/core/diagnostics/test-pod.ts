/**
 * The way to a pod's address as a program on this laptop goes it: the route by the kernel, the tunnel by the engine's
 * heartbeat, an ordinary connection and, where the port speaks HTTP, an ordinary request. Whether the pod is ready is
 * said, and stops nothing: what is not ready may answer.
 */
import {
  cause,
  failure,
  type Pod,
  placeText,
  problem,
  type Result,
  success,
  type TestResult,
  type TestStep,
} from '../../contract/index.ts';
import { httpOfPort } from '../catalog/http-ports.ts';
import type { Runner } from '../connection/runner.ts';
import { bad, good, httpStep, notChecked, stepOf } from './test-service.ts';
import { timesOf } from './time-split.ts';

export interface PodTarget {
  readonly context: string;
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

const order = ['route', 'tunnel', 'endpoint', 'connection', 'http'] as const;

/** The runner's connection is established. Refused where there is no such pod, or none with an address that is routed. */
export async function testPod(runner: Runner, target: PodTarget): Promise<Result<TestResult>> {
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
  const finish = (times: TestResult['times'] = null) => {
    const rest = order.filter((step) => !steps.some((done) => done.step === step));
    const because = (step: string) => (step === 'http' && http === null ? cause('noHttpPort') : cause('earlierStep'));
    return success({ steps: [...steps, ...rest.map((step) => notChecked(step, because(step)))], times });
  };
  const tested = await runner.test(address, target.port, http === null ? null : { as: http, name: address });
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
  steps.push(
    isGood ? good('connection', placeText({ host: address, port: target.port }), connection.milliseconds) : connection,
  );
  const answered = await httpStep(tested.value, async () => [pod.value], target.context);
  if (answered !== null) {
    steps.push(answered);
  }
  return finish(timesOf(tested.value));
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
