/** Tests of Services and pods that were run in this window: the last one of each and its port. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import {
  type ContextKey,
  keyText,
  type Problem,
  type Result,
  type ServiceKey,
  type TestResult,
  type TestStep,
} from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';

export interface ServiceTest {
  readonly state: 'running' | 'done';
  readonly steps: readonly TestStep[];
  readonly times: TestResult['times'];
  /** Why nothing could be tested. */
  readonly problem: Problem | null;
  /** Milliseconds since the epoch: when it ended, or began while it runs. */
  readonly at: number;
}
export interface ServiceTests {
  readonly byTarget: Readonly<Record<string, ServiceTest>>;
}
export type ServiceTestsStore = StoreApi<ServiceTests>;

export interface ServiceTestsFeed {
  readonly store: ServiceTestsStore;
  run(context: ContextKey, service: ServiceKey, port: number): Promise<void>;
  runOnPod(context: ContextKey, pod: ServiceKey, port: number): Promise<void>;
}

/** Tests kept; older ones go first. */
const kept = 50;

export const testTarget = (context: ContextKey, { namespace, name }: ServiceKey, port: number): string =>
  `${keyText(context)}\n${namespace}/${name}:${port}`;

export const podTestTarget = (context: ContextKey, pod: ServiceKey, port: number): string =>
  `pod ${testTarget(context, pod, port)}`;

type Answer = Result<TestResult>;

export function createServiceTests(link: HostLink, now: () => number = Date.now): ServiceTestsFeed {
  const store = createStore<ServiceTests>(() => ({ byTarget: {} }));
  const put = (target: string, test: ServiceTest) =>
    store.setState(({ byTarget }) => {
      const others = Object.entries(byTarget).filter(([other]) => other !== target);
      return { byTarget: Object.fromEntries([...others.slice(1 - kept), [target, test]]) };
    });
  const run = async (target: string, ask: () => Promise<Answer>) => {
    if (store.getState().byTarget[target]?.state === 'running') {
      return;
    }
    put(target, { state: 'running', steps: [], times: null, problem: null, at: now() });
    const result = await ask();
    put(target, {
      state: 'done',
      steps: result.ok ? result.value.steps : [],
      times: result.ok ? result.value.times : null,
      problem: result.ok ? null : result.problem,
      at: now(),
    });
  };
  return {
    store,
    run: (context, { namespace, name }, port) =>
      run(testTarget(context, { namespace, name }, port), () =>
        link.call('testService', { ...context, namespace, service: name, port }),
      ),
    runOnPod: (context, { namespace, name }, port) =>
      run(podTestTarget(context, { namespace, name }, port), () =>
        link.call('testPod', { ...context, namespace, pod: name, port }),
      ),
  };
}
