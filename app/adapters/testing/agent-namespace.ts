/** One namespace of an API server, with a Job controller whose admission and pods a test sets: for tests of placing agents. */
import { agentLabel } from '../agent/manifest.ts';
import { type AgentRecords, openAgentRecords } from '../agent/records.ts';
import { agentTimes } from '../agent/times.ts';
import type { CoreEvent, Job, ServiceObject } from '../cluster/api-objects.ts';
import {
  type Answer,
  forbidden,
  openTestCluster,
  refusal,
  type Seen,
  silentLog,
  startApiServer,
  watchAnswer,
} from './api-server.ts';

export type AgentNamespace = Awaited<ReturnType<typeof openAgentNamespace>>;

type Template = NonNullable<NonNullable<Job['spec']>['template']['spec']>;

export interface AgentNamespaceOptions {
  readonly times?: Record<string, string>;
  /** Admission of pods: why the Job controller could make none; empty where it could. */
  readonly admitPod?: (pod: Template) => string;
  /** Before a Job is made: an answer instead of it, or something else that happens to the request. */
  readonly beforeJob?: (seen: Seen, make: () => Answer) => Answer | undefined;
  /** Admission of Services: an answer instead of one. */
  readonly beforeService?: (seen: Seen) => Answer | undefined;
  /** The pod's node; absent: it may not be read. */
  readonly nodeAddresses?: readonly { readonly type: string; readonly address: string }[];
  /** What is answered for the node instead of that. */
  readonly beforeNode?: () => Answer;
  /** Events of the pod, as its node and an autoscaler tell them. */
  readonly podEvents?: () => readonly Partial<CoreEvent>[];
}

/** A namespace whose Job controller makes a pod for every Job, in the state that the test sets. */
export async function openAgentNamespace(closing: (() => Promise<void> | void)[], options: AgentNamespaceOptions = {}) {
  const jobs = new Map<string, { uid: string; deadline: number; annotations?: object; refused?: string }>();
  const services = new Map<string, ServiceObject>();
  let made = 0;
  const state = {
    podState: { running: {} } as object,
    phase: 'Running',
    ownerUid: '',
    next: {} as object,
    conditions: [] as object[],
    reason: '',
    node: 'n1' as string | undefined,
  };
  const podOf = (name: string) => ({
    metadata: {
      name: `${name}-abcde`,
      namespace: 'team',
      uid: `pod-of-${name}`,
      labels: { [agentLabel]: name, 'controller-uid': jobs.get(name)?.uid ?? '' },
      ownerReferences: [{ kind: 'Job', name, controller: true, uid: state.ownerUid || (jobs.get(name)?.uid ?? '') }],
    },
    spec: { nodeName: state.node, containers: [] },
    status: {
      phase: state.phase,
      podIP: '10.244.0.7',
      podIPs: [{ ip: '10.244.0.7' }, { ip: 'fd00::7' }],
      hostIP: '10.1.2.3',
      reason: state.reason,
      conditions: state.conditions,
      containerStatuses: state.node === undefined ? [] : [{ name: 'agent', state: state.podState }],
    },
  });
  const isThere = (name: string) => (jobs.get(name)?.refused ?? 'no Job') === '';
  const eventsOf = (selector: string) => {
    if (selector.includes('pod-of-')) {
      return (options.podEvents?.() ?? []).map((event, index) => ({ metadata: { name: `e${index}` }, ...event }));
    }
    const job = [...jobs.values()].find(({ uid }) => selector.endsWith(`=${uid}`));
    const message = `Error creating: ${job?.refused}`;
    return job === undefined || job.refused === ''
      ? []
      : [{ metadata: { name: 'e' }, reason: 'FailedCreate', message }];
  };
  const missing = { status: 404, body: refusal(404, 'NotFound', 'not found') };
  const serve = ({ method, path, body }: Seen): Answer => {
    const name = path.split('/services/')[1] ?? '';
    const given = body === '' ? {} : JSON.parse(body);
    if (method === 'POST') {
      const ports = given.spec.ports.map((port: object) => ({ ...port, nodePort: 31_820 }));
      const uid = `service-${services.size + 1}`;
      const kept = { ...given, metadata: { ...given.metadata, uid }, spec: { ...given.spec, ports } };
      services.set(given.metadata.name, kept);
      return { status: 201, body: kept };
    }
    const there = services.get(name);
    if (there === undefined) {
      return missing;
    }
    if (method === 'DELETE' && given.preconditions.uid === there.metadata?.uid) {
      services.delete(name);
    }
    return { body: there };
  };
  const server = await startApiServer((seen: Seen) => {
    const { method, path, query, body } = seen;
    if (path.endsWith('/events')) {
      return { body: { metadata: {}, items: eventsOf(query.get('fieldSelector') ?? '') } };
    }
    if (path === '/api/v1/nodes/n1') {
      const { nodeAddresses, beforeNode } = options;
      if (beforeNode !== undefined) {
        return beforeNode();
      }
      return nodeAddresses === undefined
        ? forbidden('get', 'nodes')
        : { body: { status: { addresses: nodeAddresses } } };
    }
    if (path.includes('/namespaces/team/services')) {
      return options.beforeService?.(seen) ?? serve(seen);
    }
    const [, kind, name] = /\/namespaces\/team\/(jobs|pods)\/?([^/]*)$/.exec(path) ?? [];
    if (kind === 'jobs') {
      const given = body === '' ? {} : JSON.parse(body);
      const make = (): Answer => {
        if (jobs.has(given.metadata.name)) {
          return {
            status: 409,
            body: refusal(409, 'AlreadyExists', `jobs.batch "${given.metadata.name}" already exists`),
          };
        }
        made += 1;
        Object.assign(state, state.next); // what the pod of the new Job is like
        const job = {
          uid: `uid-${made}`,
          deadline: given.spec.activeDeadlineSeconds,
          annotations: given.metadata.annotations,
          refused: options.admitPod?.(given.spec.template.spec) ?? '',
        };
        jobs.set(given.metadata.name, job);
        return { status: 201, body: { ...given, metadata: { ...given.metadata, uid: job.uid } } };
      };
      if (method === 'POST') {
        return options.beforeJob === undefined ? make() : options.beforeJob(seen, make);
      }
      const job = jobs.get(name ?? '');
      if (job === undefined) {
        return missing;
      }
      if (method === 'DELETE') {
        if (given.preconditions?.uid !== undefined && given.preconditions.uid !== job.uid) {
          return { status: 409, body: refusal(409, 'Conflict', 'the UID in the precondition does not match') };
        }
        jobs.delete(name ?? '');
        return { body: {} };
      }
      if (method === 'PATCH') {
        job.deadline = given.spec.activeDeadlineSeconds;
      }
      return {
        body: {
          metadata: { name, uid: job.uid, annotations: job.annotations },
          status: { startTime: new Date().toISOString() },
        },
      };
    }
    if (kind === 'pods' && name === '') {
      const wanted = (query.get('labelSelector') ?? '').split('=')[1] ?? '';
      if (query.get('watch') === 'true') {
        return watchAnswer((send) => setTimeout(() => isThere(wanted) && send('MODIFIED', podOf(wanted)), 200));
      }
      return { body: { metadata: { resourceVersion: '1' }, items: isThere(wanted) ? [podOf(wanted)] : [] } };
    }
    const owner = [...jobs.keys()].find((job) => name === `${job}-abcde`);
    return owner === undefined ? missing : { body: podOf(owner) };
  });
  closing.push(() => server.close());
  let folder = '';
  const connect = async (build = 'test', recordedBy = (records: AgentRecords) => records) => {
    const opened = await openTestCluster(server.url, {
      agent: {
        build,
        times: agentTimes(options.times ?? {}),
        ...(folder === '' ? {} : { records: recordedBy(openAgentRecords(folder, silentLog)) }),
      },
    });
    folder ||= opened.folder;
    closing.push(opened.close);
    return opened.cluster;
  };
  const requests = (method: string) => server.requests.filter((seen) => seen.method === method);
  return { jobs, services, state, server, connect, requests };
}
