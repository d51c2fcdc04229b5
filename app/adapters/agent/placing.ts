/**
 * Places the agent: makes the Job, sends the binary beside the pod's start, keeps the Job's deadline moving, and takes
 * everything away again. What it made before an abort or a failure it deletes. A refusal that says what would pass is
 * followed by another try in that form.
 */
import { randomUUID } from 'node:crypto';
import { type Cause, cause, failure, type Problem, problem, type Result, success } from '../../contract/index.ts';
import { agentPort } from '../../core/engine-messages.ts';
import type { AgentPlaced, AgentSpec, Log } from '../../core/ports.ts';
import { anySignal } from '../cluster/any-signal.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Job, type Pod, pathOf } from '../cluster/api-objects.ts';
import { statusCodeOf } from '../cluster/refusals.ts';
import { adapted, isCountExceeded } from './adapting.ts';
import { awaitPod, crashProblem, progressOf } from './await-pod.ts';
import { findJob, makeJob } from './make-job.ts';
import { agentJob } from './manifest.ts';
import { agentContainer, isServing } from './pod-reasons.ts';
import { type PodShape, usualShape } from './pod-shape.ts';
import type { Processor } from './processors.ts';
import { type AgentRecord, type AgentRecords, agentName, digestOf } from './records.ts';
import { askedOfAgent, awaitGone, deleteJob } from './remove-job.ts';
import { keepRenewing } from './renewal.ts';
import type { AgentBinary } from './send-binary.ts';
import { senderOf } from './sending.ts';
import type { AgentTimes } from './times.ts';

export interface AgentPlacingOptions {
  /** The engine's program, which execs over SPDY where a gateway lets no WebSocket through. */
  readonly spdyProgram?: string;
  readonly binary: (processor: Processor) => Promise<Result<AgentBinary>>;
  readonly build: string;
  readonly times: AgentTimes;
  readonly records: AgentRecords;
  readonly log: Log;
}

/** Forms that are tried, and pods that the cluster may take away, before the last refusal counts. */
const mostForms = 8;
const mostDisruptions = 3;

/** What was deleted may be counted by a quota for this long. Milliseconds. */
const countedOn = 15_000;

/** Codes of problems whose words may say what would pass. */
const mayPass = new Set(['agent-refused', 'agent-crashed', 'agent-image-unpullable']);

export class AgentPlacing {
  readonly #connection: ApiConnection;
  readonly #options: AgentPlacingOptions;
  readonly #renewals = new Map<string, () => void>(); // by Job uid
  readonly #shapes = new Map<string, PodShape>(); // what passed, by namespace
  readonly #later = new Set<NodeJS.Timeout>();
  #deletedAt = Number.NEGATIVE_INFINITY;

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
    let shape = this.#shapes.get(spec.namespace) ?? usualShape;
    let firstOfUser = ''; // what was said of our own user
    let disruptions = 0;
    let deletedAt = this.#deletedAt; // not of what was refused for the count itself: that would go on for ever
    for (let forms = 1; ; ) {
      const placed = await this.#placeNew(spec, shape, progress, signal);
      if (placed.ok) {
        this.#shapes.set(spec.namespace, shape);
        return placed;
      }
      const { code, cause: said, facts } = placed.problem;
      if (signal.aborted || (!mayPass.has(code) && facts.disrupted === undefined)) {
        return placed;
      }
      if (facts.disrupted !== undefined && disruptions < mostDisruptions) {
        disruptions += 1;
        deletedAt = performance.now();
        progress(placed.problem.said ?? said);
        continue;
      }
      if (isCountExceeded(said) && performance.now() - deletedAt < countedOn) {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        continue;
      }
      const next = forms < mostForms ? adapted(shape, said) : null;
      if (next === null) {
        return firstOfUser === '' || shape.user === 'ours'
          ? placed
          : failure(problem('agent-refused', cause('userRefused', { first: firstOfUser, said }), facts));
      }
      firstOfUser = shape.user === 'ours' && next.user !== 'ours' ? said : firstOfUser;
      forms += 1;
      deletedAt = performance.now();
      shape = next;
      progress(cause('adapting', { said }));
    }
  }

  async lives(placed: AgentPlaced): Promise<Result<boolean>> {
    const { namespace, pod } = placed.target;
    const found = await this.#connection.attempt(() => this.#connection.get<Pod>(pathOf('pods', namespace, pod)));
    if (found.ok) {
      return success(isServing(found.value));
    }
    if (statusCodeOf(found.error) === 404) {
      return success(false);
    }
    return failure(await this.#connection.explain(found.error, askedOfAgent('get', 'pods', namespace)));
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
    return deleted.ok ? awaitGone(this.#connection, namespace, job, record?.uid ?? '') : deleted;
  }

  /** Ends the renewals. The agents live on until their deadline. */
  close(): void {
    for (const [uid, end] of this.#renewals) {
      end();
      this.#options.records.inUse.delete(uid);
    }
    this.#renewals.clear();
    this.#later.forEach(clearTimeout);
  }

  async #placeNew(
    spec: AgentSpec,
    shape: PodShape,
    progress: (detail: Cause | string) => void,
    signal: AbortSignal,
  ): Promise<Result<AgentPlaced>> {
    if (signal.aborted) {
      return failure(problem('agent-gone', 'stopped before the agent was made'));
    }
    const started = performance.now();
    const contained = spec.image !== '';
    const image = contained ? spec.image : spec.baseImage;
    // Packs while the pod starts; for another processor than most have, once the pod has said which.
    const [likely = 'amd64'] = shape.processors;
    const packing = contained ? null : this.#options.binary(likely);
    const binary =
      packing && ((processor: Processor) => (processor === likely ? packing : this.#options.binary(processor)));
    const { namespace } = spec;
    progress(cause('making'));
    const placing = randomUUID();
    const make = async (name: string): Promise<Result<Job>> => {
      const job = agentJob({
        name,
        namespace,
        image,
        contained,
        firstDeadlineSeconds: this.#options.times.firstDeadlineSeconds,
        shape,
        choices: spec.pod,
        placing,
        idleSeconds: this.#options.times.idleSeconds,
        expirySeconds: this.#options.times.expirySeconds,
        keepSeconds: this.#options.times.keepSeconds,
      });
      const asked = askedOfAgent('create', 'jobs', namespace, await this.#options.records.jobName());
      return makeJob(this.#connection, job, asked, signal, (looks) => this.#sweepLater(job, looks));
    };
    let name = await this.#options.records.jobName();
    let made = await make(name);
    if (!made.ok && made.problem.facts.status === '409') {
      // An agent of ours is still there, or in use. Whoever may not handle Jobs of other names hears of that right.
      name = agentName();
      made = await make(name);
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
      choices: digestOf(spec.pod),
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
    binary: ((processor: Processor) => Promise<Result<AgentBinary>>) | null,
    progress: (detail: Cause | string) => void,
    signal: AbortSignal,
  ): Promise<Result<{ placed: AgentPlaced; times: Record<string, number> }>> {
    const started = performance.now();
    const { namespace, job, image } = record;
    const source = { namespace, image, contained: record.delivery === 'image' };
    const sender = binary && senderOf(this.#connection, this.#options.spdyProgram ?? '', source, binary);
    const early = sender?.early(signal) ?? null;
    const over = anySignal(early === null ? [signal] : [signal, early.done]);
    const running = await awaitPod(
      this.#connection,
      { ...source, job, jobUid: record.uid },
      { progress, starting: (pod) => early?.begin(pod) },
      over.signal,
    );
    over.release();
    const before = (await early?.end(!running.ok)) ?? null;
    const pod = before?.pod ?? (running.ok ? running.value : null);
    if (signal.aborted || pod === null) {
      return running.ok ? failure(problem('agent-gone', 'stopped before the agent ran')) : running;
    }
    const times: Record<string, number> = { podMilliseconds: Math.round(performance.now() - started) };
    if (sender !== null) {
      progress(cause('sending'));
      const sent = await sender.send(pod, signal, before?.sent);
      if (!sent.ok) {
        return sent;
      }
      times.execOpenedMilliseconds = Math.round(sent.value.opened);
      times.sentMilliseconds = Math.round(sent.value.sent);
    }
    const name = pod.metadata?.name ?? '';
    return success({
      placed: {
        target: { namespace, pod: name, port: agentPort },
        agent: { namespace, pod: name, build: record.build, delivery: record.delivery, image },
        node: pod.spec?.nodeName ?? '',
      },
      times,
    });
  }

  /** An agent of ours that waits for its client: after a crash of the core, or when a connect follows a lost one. */
  async #reuse(spec: AgentSpec): Promise<AgentPlaced | null> {
    const image = spec.image === '' ? spec.baseImage : spec.image;
    const delivery = spec.image === '' ? 'sent' : 'image';
    for (const record of await this.#options.records.all(this.#connection.address.server)) {
      const { inUse } = this.#options.records;
      if (inUse.has(record.uid)) {
        continue;
      }
      inUse.add(record.uid); // before another connection looks at it
      const fits =
        record.namespace === spec.namespace &&
        record.image === image &&
        record.delivery === delivery &&
        record.build === this.#options.build &&
        record.choices === digestOf(spec.pod) &&
        record.pod !== '';
      const waiting = fits ? await this.#runningPodOf(record) : null;
      if (waiting !== null) {
        this.#renew(record, this.#options.times.renewedDeadlineSeconds);
        this.#options.log.info('a waiting agent is used again', { delivery });
        return {
          target: { namespace: record.namespace, pod: record.pod, port: agentPort },
          agent: { namespace: record.namespace, pod: record.pod, build: record.build, delivery, image },
          node: waiting.spec?.nodeName ?? '',
        };
      }
      const deleted = this.#deleteJob(record.namespace, record.job, record.uid).catch(() => undefined);
      if (record.job === (await this.#options.records.jobName())) {
        await deleted; // its name is needed next
      }
    }
    return null;
  }

  /** Null where it runs no more, or is not ours. */
  async #runningPodOf(record: AgentRecord): Promise<Pod | null> {
    const found = await this.#connection.attempt(() =>
      this.#connection.get<Pod>(pathOf('pods', record.namespace, record.pod)),
    );
    if (!found.ok) {
      return null;
    }
    const { metadata } = found.value;
    const isOurs =
      metadata?.deletionTimestamp === undefined &&
      metadata?.ownerReferences?.some((owner) => owner.uid === record.uid && owner.controller === true) === true &&
      agentContainer(found.value)?.state?.running !== undefined;
    return isOurs ? found.value : null;
  }

  #renew(record: AgentRecord, deadlineSeconds: number): void {
    this.#renewals.get(record.uid)?.();
    this.#options.records.inUse.add(record.uid);
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

  async #deleteJob(namespace: string, job: string, uid: string): Promise<Result<null>> {
    this.#renewals.get(uid)?.();
    this.#renewals.delete(uid);
    const deleted = await deleteJob(this.#connection, namespace, job, uid);
    this.#options.records.inUse.delete(uid);
    this.#deletedAt = performance.now();
    if (deleted.ok && uid !== '') {
      await this.#options.records.forget(uid);
    }
    return deleted;
  }

  /** A Job whose answer was lost may appear after we gave it up. Where nobody can look any more, its deadline ends it. */
  #sweepLater(job: Job, looks: readonly number[]): void {
    const { name = '', namespace = '' } = job.metadata ?? {};
    for (const after of looks) {
      const timer = setTimeout(async () => {
        this.#later.delete(timer);
        const found = await findJob(this.#connection, job);
        const uid = found === null || found === 'unknown' ? '' : (found.metadata?.uid ?? '');
        if (uid !== '') {
          await deleteJob(this.#connection, namespace, name, uid); // nothing was recorded of it
          this.#options.log.info('a Job that came late was deleted', { job: name });
        }
      }, after);
      timer.unref();
      this.#later.add(timer);
    }
  }
}
