import { describe, expect, test, vi } from 'vitest';
import { type Cause, causeText, noAgentPodChoices, type Result } from '../../contract/index.ts';
import type { AgentPlaced } from '../../core/ports.ts';
import { type AgentNamespaceOptions, openAgentNamespace } from '../testing/agent-namespace.ts';
import { type Answer, refusal } from '../testing/api-server.ts';
import { closedAfterEach } from '../testing/scene.ts';

const closing = closedAfterEach();

const never = new AbortController().signal;
const spec = { namespace: 'team', image: 'agent:1', baseImage: '', pod: noAgentPodChoices };
const soon = { timeout: 10_000, interval: 20 };

async function scene(options: AgentNamespaceOptions) {
  const opened = await openAgentNamespace(closing, options);
  const told: string[] = [];
  const cluster = await opened.connect();
  const place = (signal = never): Promise<Result<AgentPlaced>> =>
    cluster.placeAgent(spec, (detail: Cause | string) => told.push(causeText(detail)), signal);
  return { ...opened, told, place, cluster };
}

type Admit = NonNullable<AgentNamespaceOptions['admitPod']>;

const forbidden = (why: string) => `pods "x" is forbidden: ${why}`;

describe('a cluster that refuses the usual pod gets one that it takes', () => {
  test.each<[string, Admit]>([
    [
      'OpenShift’s SCC',
      ({ securityContext }) =>
        securityContext?.runAsUser === undefined && securityContext?.fsGroup === undefined
          ? ''
          : forbidden('unable to validate against any security context constraint: [fsGroup: Invalid value: [65532]]'),
    ],
    [
      'a LimitRange with max, min and ratio',
      ({ containers: [agent] }) => {
        const { requests = {}, limits = {} } = agent?.resources ?? {};
        const wrong = [
          limits.memory === '256Mi' ? 'maximum memory usage per Container is 128Mi, but limit is 256Mi' : '',
          requests.cpu === '20m' ? 'minimum cpu usage per Container is 50m, but request is 20m' : '',
          limits.cpu === undefined
            ? 'cpu max limit to request ratio per Container is 4, but no limit is specified or limit is 0'
            : '',
        ].filter((one) => one !== '');
        return wrong.length === 0 ? '' : forbidden(`[${wrong.join(', ')}]`);
      },
    ],
    [
      'a quota that wants everything to be said, and has little room',
      ({ containers: [agent] }) => {
        const { requests = {}, limits = {} } = agent?.resources ?? {};
        if (limits.cpu === undefined || requests['ephemeral-storage'] === undefined) {
          return forbidden(
            'failed quota: q: must specify limits.cpu for: agent; requests.ephemeral-storage for: agent',
          );
        }
        return limits.cpu === '2'
          ? forbidden('exceeded quota: q, requested: limits.cpu=2, used: limits.cpu=3500m, limited: limits.cpu=4')
          : '';
      },
    ],
  ])('%s', async (_, admitPod) => {
    const { place, jobs, told, requests, cluster } = await scene({ admitPod });
    const placed = await place();
    expect([...jobs.values()]).toHaveLength(1);
    expect(told.some((line) => line.startsWith('trying again'))).toBe(true);
    // The next agent in this namespace is right at once.
    await cluster.deleteAgent(placed.ok ? placed.value : expect.fail(placed.problem.cause));
    const made = requests('POST').length;
    await place();
    expect(requests('POST')).toHaveLength(made + 1);
  });

  test('one that takes neither form says both, and nothing is left', async () => {
    const { place, jobs } = await scene({
      admitPod: ({ securityContext }) =>
        securityContext?.runAsUser === undefined
          ? forbidden('our policy wants runAsUser to be set')
          : forbidden('our policy wants runAsUser to be 7'),
    });
    const placed = await place();
    expect(placed).toMatchObject({ ok: false, problem: { code: 'agent-refused' } });
    expect(placed.ok ? '' : placed.problem.cause).toMatch(/to be 7.*to be set/);
    expect(jobs.size).toBe(0);
  });

  test('a policy’s own words are the cause', async () => {
    const words = 'admission webhook "validate.kyverno.svc-fail" denied the request: label team is required';
    const { place, jobs, requests } = await scene({ admitPod: () => words });
    expect(await place()).toMatchObject({
      ok: false,
      problem: { code: 'agent-refused', cause: `Error creating: ${words}` },
    });
    expect([jobs.size, requests('POST').length]).toEqual([0, 1]);
  });

  test('a quota of Jobs still counts the one that we deleted a moment ago', async () => {
    let counted = 0;
    const { place } = await scene({
      admitPod: ({ securityContext }) => (securityContext?.runAsUser === undefined ? '' : forbidden('runAsUser: no')),
      beforeJob: (_, make) => {
        counted += 1;
        const words =
          'jobs.batch "x" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1';
        return counted === 2 ? { status: 403, body: refusal(403, 'Forbidden', words) } : make();
      },
    });
    expect(await place()).toMatchObject({ ok: true });
    expect(counted).toBe(3);
  });

  test('a quota that is full of pods is told at once, and not tried for ever', async () => {
    const full = forbidden('exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0');
    const { place, jobs, requests } = await scene({ admitPod: () => full });
    const placed = await place();
    expect(placed.ok ? '' : placed.problem.cause).toContain('the quota none is full (pods 0/0 (+1))');
    expect([jobs.size, requests('POST').length]).toEqual([0, 1]);
  });

  test('a full quota at the first try is told at once', async () => {
    const words =
      'jobs.batch "x" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used: count/jobs.batch=4, limited: count/jobs.batch=4';
    const { place, requests } = await scene({
      beforeJob: () => ({ status: 403, body: refusal(403, 'Forbidden', words) }),
    });
    const placed = await place();
    expect(placed.ok ? '' : placed.problem.cause).toContain('the quota q is full (count/jobs.batch 4/4 (+1))');
    expect(requests('POST')).toHaveLength(1);
  });
});

describe('an answer that never comes leaves no orphan', () => {
  const hangUp: Answer = (response) => response.destroy();

  test('a Job that was made all the same is the agent', async () => {
    const { place, jobs } = await scene({
      beforeJob: (_, make) => {
        make();
        return hangUp;
      },
    });
    expect(await place()).toMatchObject({ ok: true });
    expect(jobs.size).toBe(1);
  });

  test('nor does one that is made later than anybody waits', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true, advanceTimeDelta: 50 });
    closing.push(() => void vi.useRealTimers());
    let makeLate: () => Answer = () => hangUp;
    const { place, jobs } = await scene({
      beforeJob: (_, make) => {
        makeLate = make;
        return hangUp;
      },
    });
    const placed = await place();
    expect(placed).toMatchObject({ ok: false, problem: { code: 'api-unreachable' } });
    expect(placed.ok ? '' : placed.problem.cause).toContain('did not say whether it created the Job');
    makeLate();
    expect(jobs.size).toBe(1);
    await vi.advanceTimersByTimeAsync(70_000);
    await vi.waitFor(() => expect(jobs.size).toBe(0), soon);
  }, 30_000);

  test('nor does a cancel while a webhook takes its time', async () => {
    const stop = new AbortController();
    const { place, jobs, requests } = await scene({
      beforeJob: (_, make) => {
        setTimeout(() => stop.abort(), 50);
        return () => void setTimeout(make, 700); // it is made, and nobody hears of it
      },
    });
    expect(await place(stop.signal)).toMatchObject({ ok: false });
    expect([jobs.size, requests('DELETE').length]).toEqual([0, 1]);
  });

  test('somebody else’s Job of that name is not taken for it', async () => {
    const { place, jobs, requests } = await scene({
      beforeJob: ({ body }, make) => {
        if (jobs.size === 0) {
          jobs.set(JSON.parse(body).metadata.name, { uid: 'foreign', deadline: 1, refused: '' });
          return make(); // 409
        }
        return make();
      },
    });
    expect(await place()).toMatchObject({ ok: true });
    expect(requests('POST')).toHaveLength(2);
    expect([...jobs.values()].some(({ uid }) => uid === 'foreign')).toBe(true);
  });

  test('a webhook that is out of reach is named, and no Job is looked for', async () => {
    const words =
      'Internal error occurred: failed calling webhook "jobs.example.org": failed to call webhook: Post "https://x.y.svc:443/": no endpoints available for service "x"';
    const { place, requests } = await scene({
      beforeJob: () => ({ status: 500, body: refusal(500, 'InternalError', words) }),
    });
    const placed = await place();
    expect(placed).toMatchObject({ ok: false, problem: { code: 'agent-refused' } });
    expect(placed.ok ? '' : placed.problem.cause).toContain('the admission webhook jobs.example.org did not answer');
    expect(requests('POST')).toHaveLength(1);
  });
});

describe('nodes', () => {
  const unscheduled = (message: string) => ({
    node: undefined,
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
  });

  test('that come later are waited for in the scheduler’s words, and nothing is deleted', async () => {
    const one = await scene({});
    Object.assign(one.state, unscheduled('0/2 nodes are available: 2 node(s) were unschedulable.'));
    const placing = one.place();
    await vi.waitFor(() => expect(one.told.join('\n')).toContain('2 node(s) were unschedulable'), soon);
    expect(one.requests('DELETE')).toEqual([]);
    Object.assign(one.state, { node: 'n1', phase: 'Running', conditions: [] });
    one.server.cut(); // the watch is made anew and tells what is
    expect(await placing).toMatchObject({ ok: true });
    expect(one.requests('POST')).toHaveLength(1);
  });

  test('that an autoscaler makes are waited for until the user cancels', async () => {
    const one = await scene({
      podEvents: () => [{ reason: 'TriggeredScaleUp', message: 'pod triggered scale-up: [{pool 1->2 (max: 3)}]' }],
    });
    Object.assign(one.state, unscheduled('0/2 nodes are available: 2 node(s) had untolerated taint {a: b}.'));
    const stop = new AbortController();
    const placing = one.place(stop.signal);
    await vi.waitFor(() => expect(one.told.join('\n')).toContain('a node is on its way'), soon);
    stop.abort();
    expect(await placing).toMatchObject({ ok: false });
    expect(one.jobs.size).toBe(0);
  });

  test('that go away with the pod are no end: another pod is made', async () => {
    let made = 0;
    const one = await scene({
      beforeJob: (_, make) => {
        made += 1;
        Object.assign(
          one.state,
          made === 1
            ? { podState: {}, phase: 'Failed', reason: 'NodeShutdown' }
            : { podState: { running: {} }, phase: 'Running', reason: '' },
        );
        return make();
      },
    });
    expect(await one.place()).toMatchObject({ ok: true });
    expect(one.told.join('\n')).toContain('NodeShutdown');
    expect(one.jobs.size).toBe(1);
  });
});
