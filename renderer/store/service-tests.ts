/** Tests of Services that were run in this window: the last one of each Service and port. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import { type ContextKey, keyText, type Problem, type ServiceKey, type TestStep } from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';

export interface ServiceTest {
  readonly state: 'running' | 'done';
  readonly steps: readonly TestStep[];
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
}

/** Tests kept; older ones go first. */
const kept = 50;

export const testTarget = (context: ContextKey, { namespace, name }: ServiceKey, port: number): string =>
  `${keyText(context)}\n${namespace}/${name}:${port}`;

export function createServiceTests(link: HostLink, now: () => number = Date.now): ServiceTestsFeed {
  const store = createStore<ServiceTests>(() => ({ byTarget: {} }));
  const put = (target: string, test: ServiceTest) =>
    store.setState(({ byTarget }) => {
      const others = Object.entries(byTarget).filter(([other]) => other !== target);
      return { byTarget: Object.fromEntries([...others.slice(1 - kept), [target, test]]) };
    });
  return {
    store,
    run: async (context, service, port) => {
      const target = testTarget(context, service, port);
      if (store.getState().byTarget[target]?.state === 'running') {
        return;
      }
      put(target, { state: 'running', steps: [], problem: null, at: now() });
      const result = await link.call('testService', {
        ...context,
        namespace: service.namespace,
        service: service.name,
        port,
      });
      put(target, {
        state: 'done',
        steps: result.ok ? result.value.steps : [],
        problem: result.ok ? null : result.problem,
        at: now(),
      });
    },
  };
}
