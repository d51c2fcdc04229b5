/**
 * The Service of a direct path: of type NodePort, for exactly one agent's pod, made by the user's word only and owned by the pod,
 * so that it goes with it whatever becomes of us. It is recorded before it is asked for, and nobody else's is ever touched.
 */
import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import {
  type Cause,
  cause,
  failure,
  type PathCandidate,
  type Problem,
  problem,
  type Result,
  success,
} from '../../contract/index.ts';
import { agentDirectPort } from '../../core/engine-messages.ts';
import type { AgentPlaced, DirectOffer } from '../../core/ports.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Node, type Pod, pathOf, type ServiceObject } from '../cluster/api-objects.ts';
import type { Asked } from '../cluster/problems.ts';
import { statusCodeOf } from '../cluster/refusals.ts';
import { agentLabel, managedByLabel, nameLabel } from './manifest.ts';
import type { AgentRecord, AgentRecords } from './records.ts';

/** Set by the Job controller on the pods of one Job, of which an agent's has one: since 1.27, and before that (KEP-2185). */
const jobUidLabels = ['batch.kubernetes.io/controller-uid', 'controller-uid'] as const;

/** A cluster that is asked for a way to its agent must not send anybody to a well-known port of another computer. */
const lowestNodePort = 1024;

/** A cluster may name as many addresses of a node as it likes. */
const mostAddresses = 4;

export class DirectServices {
  readonly #connection: ApiConnection;
  readonly #records: AgentRecords;
  readonly #closing = new AbortController();
  readonly #nodes = new Map<string, readonly string[] | 'unread'>(); // addresses by name; it may not be read
  /** The uid of a pod whose Service the cluster made otherwise than it was asked for. */
  #altered = '';
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: ApiConnection, records: AgentRecords) {
    this.#connection = connection;
    this.#records = records;
  }

  /** See ClusterPort. */
  offer(placed: AgentPlaced, nodePort: boolean): Promise<Result<DirectOffer>> {
    return this.#inOrder(() => this.#offer(placed, nodePort));
  }

  /** Deletes the Service where one was made. Where that fails the pod's end takes it. */
  withdraw({ target }: AgentPlaced): Promise<Result<null>> {
    return this.#inOrder(async () => {
      const record = await this.#recordOf(target.pod);
      return record?.service === true ? this.#delete(record) : success(null);
    });
  }

  close(): void {
    this.#closing.abort();
  }

  async #offer(placed: AgentPlaced, nodePort: boolean): Promise<Result<DirectOffer>> {
    const { namespace, pod: name } = placed.target;
    const asked: Asked = { verb: 'get', group: '', resource: 'pods', namespace, purpose: 'agent' };
    const found = await this.#connection.ask(asked, () => this.#connection.get<Pod>(pathOf('pods', namespace, name)));
    if (!found.ok) {
      return found;
    }
    const pod = found.value;
    const { podIP, podIPs, hostIP, hostIPs } = pod.status ?? {};
    const ofPod = addressesOf([podIP, ...(podIPs ?? []).map(({ ip }) => ip)]).map(
      (host): PathCandidate => ({ kind: 'pod', host, port: agentDirectPort }),
    );
    const record = await this.#recordOf(name);
    if (!nodePort || record === null || pod.metadata?.deletionTimestamp !== undefined) {
      this.#altered = '';
      const withdrawn = record?.service === true ? await this.#delete(record) : success(null);
      if (withdrawn.ok && record?.service === true) {
        await this.#records.keep({ ...record, service: false });
      }
      const unrecorded = nodePort && record === null ? [notRecorded()] : [];
      return withdrawn.ok
        ? success({ candidates: ofPod, problems: unrecorded, nodeUnread: false })
        : withoutService(ofPod, withdrawn.problem);
    }
    const service = await this.#ensure(record, pod);
    if (!service.ok) {
      return withoutService(ofPod, service.problem);
    }
    const ofNode = await this.#addressesOfNode(pod);
    const hosts = addressesOf([hostIP, ...(hostIPs ?? []).map(({ ip }) => ip), ...(ofNode === 'unread' ? [] : ofNode)]);
    return success({
      candidates: [...ofPod, ...hosts.map((host): PathCandidate => ({ kind: 'node', host, port: service.value }))],
      problems: [],
      nodeUnread: ofNode === 'unread',
    });
  }

  /** The node port of the agent's Service, which is made where it is not there. */
  async #ensure(record: AgentRecord, pod: Pod): Promise<Result<number>> {
    const selector = selectorOf(pod);
    if (selector === null) {
      return refused(cause('directUnlabelled'), record.namespace);
    }
    if (this.#altered === pod.metadata?.uid) {
      return refused(cause('directAltered'), record.namespace);
    }
    if (record.service !== true) {
      await this.#records.keep({ ...record, service: true });
      if ((await this.#recordOf(record.pod))?.service !== true) {
        return failure(notRecorded()); // it could not be found again
      }
    }
    const there = await findService(this.#connection, record);
    if (!there.ok) {
      return there;
    }
    if (there.value !== null && isFor(there.value, record, pod, selector)) {
      return portOf(there.value);
    }
    if (there.value !== null) {
      if (!isOurs(there.value, record)) {
        return refused(cause('directNameTaken', { name: record.job }), record.namespace);
      }
      const deleted = await this.#deleteFound(record, there.value); // of an agent before this one
      if (!deleted.ok) {
        return deleted;
      }
    }
    const { namespace } = record;
    const made = await this.#connection.ask(askedOf('create', record), () =>
      this.#connection.create<ServiceObject>(
        pathOf('services', namespace),
        serviceFor(record, pod, selector),
        this.#closing.signal,
      ),
    );
    if (!made.ok) {
      return failure(refusalOf(made.problem, namespace));
    }
    if (isFor(made.value, record, pod, selector)) {
      return portOf(made.value);
    }
    // The user agreed to nothing else; and it is not made again each minute, which may cost a load balancer each time.
    const deleted = await this.#deleteFound(record, made.value);
    this.#altered = pod.metadata?.uid ?? '';
    return deleted.ok ? refused(cause('directAltered'), namespace) : deleted;
  }

  async #delete(record: AgentRecord): Promise<Result<null>> {
    const there = await findService(this.#connection, record);
    if (!there.ok) {
      return there;
    }
    const isLeft = there.value === null || !isOurs(there.value, record);
    return isLeft ? success(null) : this.#deleteFound(record, there.value);
  }

  #deleteFound(record: AgentRecord, { metadata }: ServiceObject): Promise<Result<null>> {
    return this.#connection.ask(askedOf('delete', record), async () => {
      try {
        await this.#connection.delete(pathOf('services', record.namespace, record.job), {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          preconditions: { uid: metadata?.uid ?? '' },
        });
      } catch (error) {
        if (statusCodeOf(error) !== 404 && statusCodeOf(error) !== 409) {
          throw error;
        }
      }
      return null;
    });
  }

  /** A node's addresses do not change while an agent is on it: asked once, for what its pod does not say (ExternalIP). */
  async #addressesOfNode({ spec }: Pod): Promise<readonly string[] | 'unread'> {
    const name = spec?.nodeName ?? '';
    const known = this.#nodes.get(name);
    if (known !== undefined || name === '') {
      return known ?? [];
    }
    const found = await this.#connection.attempt(() => this.#connection.get<Node>(pathOf('nodes', '', name)));
    if (!found.ok && statusCodeOf(found.error) !== 403) {
      return []; // says nothing of rights: asked again the next time
    }
    const addresses = found.ok
      ? (found.value.status?.addresses ?? [])
          .filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP')
          .map(({ address }) => address)
      : 'unread';
    this.#nodes.set(name, addresses);
    return addresses;
  }

  async #recordOf(pod: string): Promise<AgentRecord | null> {
    const records = await this.#records.all(this.#connection.address.server);
    return records.find((record) => record.pod === pod) ?? null;
  }

  #inOrder<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#last.then(work, work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** The Service of this agent, whoever made it; null where there is none. */
export function findService(connection: ApiConnection, record: AgentRecord): Promise<Result<ServiceObject | null>> {
  return connection.ask(askedOf('get', record), async () => {
    try {
      return await connection.get<ServiceObject>(pathOf('services', record.namespace, record.job));
    } catch (error) {
      if (statusCodeOf(error) === 404) {
        return null;
      }
      throw error;
    }
  });
}

function serviceFor({ job, namespace }: AgentRecord, { metadata }: Pod, selector: Selector): ServiceObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: job,
      namespace,
      labels: {
        [managedByLabel]: 'slipway',
        [nameLabel]: 'slipway-agent',
        'app.kubernetes.io/component': 'direct-path',
        [agentLabel]: job,
      },
      // Without blockOwnerDeletion, which would ask for a right on the pod (OwnerReferencesPermissionEnforcement).
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: metadata?.name ?? '', uid: metadata?.uid ?? '' }],
    },
    spec: {
      type: 'NodePort',
      // The agent's node alone answers, without a hop: a port that is open on one node rather than on all of them.
      externalTrafficPolicy: 'Local',
      selector,
      ports: [{ name: 'direct', protocol: 'TCP', port: agentDirectPort, targetPort: agentDirectPort }],
    },
  };
}

type Selector = { [label: string]: string };

/** Exactly this pod; null where nothing names it. */
function selectorOf({ metadata }: Pod): Selector | null {
  const label = jobUidLabels.find((name) => metadata?.labels?.[name] !== undefined);
  return label === undefined ? null : { [label]: metadata?.labels?.[label] ?? '' };
}

/** By its labels: whether it was made for this agent, or for one before it of the same name. */
export function isOurs({ metadata }: ServiceObject, { job }: AgentRecord): boolean {
  return metadata?.labels?.[managedByLabel] === 'slipway' && metadata.labels[agentLabel] === job;
}

/** Exactly what was asked for, as far as it decides who reaches what: admission may change every field of it. */
function isFor(service: ServiceObject, record: AgentRecord, pod: Pod, selector: Selector): boolean {
  const { metadata, spec } = service;
  return (
    isOurs(service, record) &&
    metadata?.deletionTimestamp === undefined &&
    metadata?.ownerReferences?.some(({ uid }) => uid === pod.metadata?.uid) === true &&
    spec?.type === 'NodePort' &&
    spec.externalTrafficPolicy === 'Local' &&
    (spec.externalIPs ?? []).length === 0 &&
    spec.ports?.length === 1 &&
    spec.ports[0]?.targetPort === agentDirectPort &&
    isDeepStrictEqual(spec.selector, selector)
  );
}

function portOf({ metadata, spec }: ServiceObject): Result<number> {
  const [{ nodePort: port = 0 } = {}] = spec?.ports ?? [];
  return Number.isInteger(port) && port >= lowestNodePort && port < 65_536
    ? success(port)
    : refused(cause('directPortless'), metadata?.namespace ?? '');
}

/** What a cluster calls addresses, as far as they are some: names are never looked up on its word. */
function addressesOf(named: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(named.flatMap((one) => (one !== undefined && isIP(one) !== 0 ? [one] : [])))].slice(
    0,
    mostAddresses,
  );
}

function refused(because: Cause, namespace: string): { readonly ok: false; readonly problem: Problem } {
  return failure(problem('direct-service-refused', because, { namespace }));
}

function askedOf(verb: string, { namespace, job }: AgentRecord): Asked {
  return { verb, group: '', resource: 'services', namespace, purpose: 'direct', job };
}

/** The Service may not be remembered, so that it is not made. */
function notRecorded(): Problem {
  return problem('file-unwritable', cause('directUnrecorded'));
}

/**
 * The pod's addresses, and why there is no Service or one too many. Where the cluster did not answer, or does not know who
 * asks, nothing is said about the Service, and it is asked again.
 */
function withoutService(candidates: readonly PathCandidate[], told: Problem): Result<DirectOffer> {
  const isToTell = ['forbidden', 'direct-service-refused', 'file-unwritable'].includes(told.code);
  return isToTell ? success({ candidates, problems: [told], nodeUnread: false }) : failure(told);
}

/** Quotas, policies and webhooks refuse with whatever status they like: their words are what counts. */
function refusalOf(given: Problem, namespace: string): Problem {
  const isAnswer = given.code === 'agent-refused' || given.facts.status !== undefined;
  return isAnswer
    ? problem('direct-service-refused', given.cause.replace(/^create services: /, ''), { namespace })
    : given;
}
