/**
 * Places the agent: makes the Job, sends the binary beside the pod's start, keeps the Job's deadline moving, and takes
 * everything away again. What it made before an abort or a failure it deletes.
 */
import { type Cause, cause, failure, type Problem, problem, type Result, success } from '../../contract/index.ts';
import { agentPort } from '../../core/engine-messages.ts';
import type { AgentPlaced, AgentSpec, Log } from '../../core/ports.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Job, type Pod, pathOf } from '../cluster/api-objects.ts';
import type { Asked } from '../cluster/problems.ts';
import { statusCodeOf } from '../cluster/refusals.ts';
import { awaitPod, crashProblem, progressOf } from './await-pod.ts';
import { agentJob, agentLabel } from './manifest.ts';
import { needsCpuLimit } from './pod-reasons.ts';
import { type AgentRecord, type AgentRecords, agentName } from './records.ts';
import { keepRenewing } from './renewal.ts';
import { type AgentBinary, type SendTimes, sendBinary } from './send-binary.ts';
import type { AgentTimes } from './times.ts';

export interface AgentPlacingOptions {
  /** The engine's program, which execs over SPDY where a gateway lets no WebSocket through. */
  readonly spdyProgram?: string;
  readonly binary: () => Promise<Result<AgentBinary>>;
  readonly build: string;
  readonly times: AgentTimes;
  readonly records: AgentRecords;
  readonly log: Log;
}

/** How long deleteAgent waits for the objects to be gone. Milliseconds. */
const goneDeadline = 15_000;

export class AgentPlacing {
  readonly #connection: ApiConnection;
  readonly #options: AgentPlacingOptions;
  readonly #renewals = new Map<string, () => void>(); // by Job uid

  constructor(connection: ApiConnection, options: AgentPlacingOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async place(
    spec: AgentSpec,
    progress: (detail: Cause | string) => void,
    signal: AbortSignal,
  ): Promise<Result<AgentPlaced>> {
    const waiting = await this.#reuse(spec);
    if (waiting !== null) {
      return success(waiting);
    }
    const first = await this.#placeNew(spec, '', progress, signal);
    return !first.ok && needsCpuLimit(first.problem) ? this.#placeNew(spec, '2', progress, signal) : first;
  }

  async lives(placed: AgentPlaced): Promise<Result<boolean>> {
    const { namespace, pod } = placed.target;
    const found = await this.#connection.attempt(() => this.#connection.get<Pod>(pathOf('pods', namespace, pod)));
    if (found.ok) {
      const running = found.value.status?.containerStatuses?.[0]?.state?.running !== undefined;
      return success(running && found.value.metadata?.deletionTimestamp === undefined);
    }
    if (statusCodeOf(found.error) === 404) {
      return success(false);
    }
    return failure(await this.#connection.explain(found.error, asked('get', 'pods', namespace)));
  }

  async end({ target, agent }: AgentPlaced): Promise<Result<Problem | null>> {
    const source = { namespace: target.namespace, image: agent.image, contained: agent.delivery === 'image' };
    const state = await progressOf(this.#connection, source, target.pod, false);
    if (state?.kind === 'ended') {
      return success(await crashProblem(this.#connection, target.namespace, target.pod, state.because));
    }
    return success(state?.kind === 'failed' ? state.problem : null);
  }

  /** Deletes the Job with all that it owns and waits until nothing is left of it. */
  async remove(placed: AgentPlaced): Promise<Result<null>> {
    const { namespace, pod } = placed.target;
    const record = (await this.#options.records.all(this.#connection.address.server)).find((item) => item.pod === pod);
    const job = record?.job ?? pod.replace(/-[^-]+$/, '');
    const deleted = await this.#deleteJob(namespace, job, record?.uid ?? '');
    return deleted.ok ? this.#awaitGone(namespace, job, record?.uid ?? '') : deleted;
  }

  /** Ends the renewals. The agents live on until their deadline. */
  close(): void {
    for (const end of this.#renewals.values()) {
      end();
    }
    this.#renewals.clear();
  }

  async #placeNew(
    spec: AgentSpec,
    cpuLimit: string,
    progress: (detail: Cause | string) => void,
    signal: AbortSignal,
  ): Promise<Result<AgentPlaced>> {
    if (signal.aborted) {
      return failure(problem('agent-gone', 'stopped before the agent was made'));
    }
    const started = performance.now();
    const contained = spec.image !== '';
    const image = contained ? spec.image : spec.baseImage;
    const binary = contained ? null : this.#options.binary(); // packs while the pod starts
    const { namespace } = spec;
    progress(cause('making'));
    const jobCalled = (name: string) =>
      agentJob({
        name,
        namespace,
        image,
        contained,
        firstDeadlineSeconds: this.#options.times.firstDeadlineSeconds,
        cpuLimit,
        idleSeconds: this.#options.times.idleSeconds,
        expirySeconds: this.#options.times.expirySeconds,
      });
    let name = await this.#options.records.jobName();
    let made = await this.#createJob(jobCalled(name), namespace, signal);
    if (!made.ok && made.problem.facts.status === '409') {
      // An agent of ours is still there, or in use. Whoever may not handle Jobs of other names hears of that right.
      name = agentName();
      made = await this.#createJob(jobCalled(name), namespace, signal);
    }
    if (!made.ok) {
      return made;
    }
    const uid = made.value.metadata?.uid ?? '';
    const record: AgentRecord = {
      server: this.#connection.address.server,
      namespace,
      job: name,
      uid,
      pod: '',
      image,
      delivery: contained ? 'image' : 'sent',
      build: this.#options.build,
      madeAt: Date.now(),
    };
    const recorded = this.#options.records.keep(record);
    const jobMade = performance.now();
    this.#renew(record, this.#options.times.firstDeadlineSeconds);
    const placed = await this.#bringUp(record, binary, progress, signal);
    await recorded;
    if (!placed.ok) {
      // Whoever waits for this error need not wait for the node as well.
      await this.#deleteJob(namespace, name, uid);
      return placed;
    }
    await this.#options.records.keep({ ...record, pod: placed.value.placed.target.pod });
    this.#renew(record, this.#options.times.renewedDeadlineSeconds);
    this.#options.log.info('agent placed', {
      delivery: record.delivery,
      jobMilliseconds: Math.round(jobMade - started),
      ...placed.value.times,
      wholeMilliseconds: Math.round(performance.now() - started),
    });
    return success(placed.value.placed);
  }

  async #bringUp(
    record: AgentRecord,
    binary: Promise<Result<AgentBinary>> | null,
    progress: (detail: Cause | string) => void,
    signal: AbortSignal,
  ): Promise<Result<{ placed: AgentPlaced; times: Record<string, number> }>> {
    const started = performance.now();
    const { namespace, job, image } = record;
    const running = await awaitPod(
      this.#connection,
      { namespace, job, jobUid: record.uid, image, contained: record.delivery === 'image' },
      progress,
      signal,
    );
    if (!running.ok) {
      return running;
    }
    const pod = running.value.metadata?.name ?? '';
    const times: Record<string, number> = { podMilliseconds: Math.round(performance.now() - started) };
    if (binary !== null) {
      progress(cause('sending'));
      const content = await binary;
      if (!content.ok) {
        return content;
      }
      times.packedMilliseconds = Math.round(performance.now() - started);
      const sent = await this.#send(record, pod, content.value, signal);
      if (!sent.ok) {
        return sent;
      }
      times.execOpenedMilliseconds = Math.round(sent.value.opened);
      times.sentMilliseconds = Math.round(sent.value.sent);
    }
    return success({
      placed: {
        target: { namespace, pod, port: agentPort },
        agent: { namespace, pod, build: record.build, delivery: record.delivery, image },
      },
      times,
    });
  }

  /** Sends; once more where the way to a living pod broke, and with the pod's own words where it ended meanwhile. */
  async #send(record: AgentRecord, pod: string, binary: AgentBinary, signal: AbortSignal): Promise<Result<SendTimes>> {
    const { namespace, image } = record;
    for (let attempt = 1; ; attempt += 1) {
      const sent = await sendBinary(
        this.#connection,
        this.#options.spdyProgram ?? '',
        namespace,
        pod,
        image,
        binary,
        signal,
      );
      if (sent.ok || signal.aborted || sent.problem.code === 'forbidden') {
        return sent;
      }
      const source = { namespace, image, contained: false };
      const state = await progressOf(this.#connection, source, pod, sent.problem.facts.started === 'true');
      if (state?.kind === 'ended') {
        return failure(await crashProblem(this.#connection, namespace, pod, state.because));
      }
      if (attempt === 2 || state?.kind !== 'running' || sent.problem.code !== 'agent-unreachable') {
        return sent;
      }
    }
  }

  async #createJob(job: Job, namespace: string, signal: AbortSignal): Promise<Result<Job>> {
    const made = await this.#connection.ask(
      asked('create', 'jobs', namespace, await this.#options.records.jobName()),
      () => this.#connection.create<Job>(pathOf('jobs', namespace), job, signal),
    );
    if (!made.ok && made.problem.facts.status !== undefined && Number(made.problem.facts.status) >= 400) {
      // Admission answers with whatever status it likes: the words are what counts.
      return failure(problem('agent-refused', made.problem.cause, { namespace, status: made.problem.facts.status }));
    }
    return made;
  }

  /** An agent of ours that waits for its client: after a crash of the core, or when a connect follows a lost one. */
  async #reuse(spec: AgentSpec): Promise<AgentPlaced | null> {
    const image = spec.image === '' ? spec.baseImage : spec.image;
    const delivery = spec.image === '' ? 'sent' : 'image';
    for (const record of await this.#options.records.all(this.#connection.address.server)) {
      if (this.#renewals.has(record.uid)) {
        continue; // in use
      }
      const fits =
        record.namespace === spec.namespace &&
        record.image === image &&
        record.delivery === delivery &&
        record.build === this.#options.build &&
        record.pod !== '';
      const placed: AgentPlaced = {
        target: { namespace: record.namespace, pod: record.pod, port: agentPort },
        agent: { namespace: record.namespace, pod: record.pod, build: record.build, delivery, image },
      };
      if (fits && (await this.#isOurs(record))) {
        this.#renew(record, this.#options.times.renewedDeadlineSeconds);
        this.#options.log.info('a waiting agent is used again', { delivery });
        return placed;
      }
      const deleted = this.#deleteJob(record.namespace, record.job, record.uid).catch(() => undefined);
      if (record.job === (await this.#options.records.jobName())) {
        await deleted; // its name is needed next
      }
    }
    return null;
  }

  async #isOurs(record: AgentRecord): Promise<boolean> {
    const found = await this.#connection.attempt(() =>
      this.#connection.get<Pod>(pathOf('pods', record.namespace, record.pod)),
    );
    if (!found.ok) {
      return false;
    }
    const { metadata, status } = found.value;
    return (
      metadata?.deletionTimestamp === undefined &&
      metadata?.ownerReferences?.some((owner) => owner.uid === record.uid && owner.controller === true) === true &&
      metadata.labels?.[agentLabel] === record.job &&
      status?.containerStatuses?.[0]?.state?.running !== undefined
    );
  }

  #renew(record: AgentRecord, deadlineSeconds: number): void {
    this.#renewals.get(record.uid)?.();
    this.#renewals.set(
      record.uid,
      keepRenewing(this.#connection, record, {
        deadlineSeconds,
        everyMilliseconds: this.#options.times.renewEveryMilliseconds,
        // A Job just made has its first deadline already.
        atOnce: deadlineSeconds !== this.#options.times.firstDeadlineSeconds,
        log: this.#options.log,
      }),
    );
  }

  /** Answers when the API server accepted it; background propagation takes the pod. */
  async #deleteJob(namespace: string, job: string, uid: string): Promise<Result<null>> {
    this.#renewals.get(uid)?.();
    this.#renewals.delete(uid);
    const deleted = await this.#connection.ask(asked('delete', 'jobs', namespace, job), async () => {
      try {
        await this.#connection.delete(pathOf('jobs', namespace, job), {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          // Never somebody else's Job of the same name.
          ...(uid === '' ? {} : { preconditions: { uid } }),
        });
      } catch (error) {
        if (statusCodeOf(error) !== 404 && statusCodeOf(error) !== 409) {
          throw error;
        }
      }
      return null;
    });
    if (!deleted.ok) {
      return deleted;
    }
    if (uid !== '') {
      await this.#options.records.forget(uid);
    }
    return success(null);
  }

  async #awaitGone(namespace: string, job: string, uid: string): Promise<Result<null>> {
    const until = Date.now() + goneDeadline;
    const labelSelector = `${agentLabel}=${job}`;
    for (;;) {
      const left = await this.#connection.attempt(() =>
        this.#connection.list<Pod>(pathOf('pods', namespace), { labelSelector }),
      );
      const isOurs = (owner: { uid: string }) => uid === '' || owner.uid === uid;
      if (!left.ok || !left.value.items.some((pod) => pod.metadata?.ownerReferences?.some(isOurs) ?? true)) {
        return success(null); // the deletion was accepted: whether it may be watched is another matter
      }
      if (Date.now() > until) {
        return failure(problem('agent-unreachable', `the pod of ${job} is still there; its node may not answer`));
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }
}

function asked(verb: string, resource: string, namespace: string, job = ''): Asked {
  return { verb, group: resource === 'jobs' ? 'batch' : '', resource, namespace, purpose: 'agent', job };
}
