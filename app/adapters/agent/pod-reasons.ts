/**
 * Reads out of a pod and of its Job's events how far the agent is, in the cluster's own words, and when there is no
 * use in waiting any longer.
 */

import { type Cause, cause, type Problem, problem } from '../../contract/index.ts';
import type { ContainerStatus, CoreEvent, Pod } from '../cluster/api-objects.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import { exceededQuota, isRootsImage } from './adapting.ts';
import { containerName } from './manifest.ts';

export type PodProgress =
  | { readonly kind: 'waiting'; readonly detail: Cause | string }
  /** A problem that time may still heal; it counts when it lasts for `patience` milliseconds. */
  | { readonly kind: 'troubled'; readonly detail: Cause | string; readonly problem: Problem; readonly patience: number }
  /** No node takes it; how long to wait is for `outlookOf` to say. */
  | { readonly kind: 'unscheduled'; readonly said: string; readonly gated: boolean }
  /** On its way on a node, which says what it does in events. */
  | { readonly kind: 'starting'; readonly node: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'failed'; readonly problem: Problem }
  /** Ended or crashed: the last words are in its log. */
  | { readonly kind: 'ended'; readonly because: string };

/** A registry may answer the second time, and a busy one some time later. Milliseconds. */
const pullPatience = 8_000;
const busyRegistryPatience = 60_000;
const startPatience = 15_000;

/** What the pod was made from: `contained` says that the image has the agent inside. */
export interface PodSource {
  readonly image: string;
  readonly contained: boolean;
}

/** Whether its container runs, or may before its node has told so. */
export const isUp = (progress: PodProgress | null) => progress?.kind === 'running' || progress?.kind === 'starting';

export function progressOfPod(pod: Pod, source: PodSource): PodProgress {
  const status = pod.status;
  const container = agentContainer(pod);
  if (container?.state?.running !== undefined) {
    return { kind: 'running' };
  }
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded' || container?.state?.terminated !== undefined) {
    return endOf(pod, container, source);
  }
  const foreign = troubleOfForeign(pod);
  if (foreign !== null) {
    return foreign;
  }
  const waiting = container?.state?.waiting;
  if (waiting?.reason !== undefined && waiting.reason !== 'ContainerCreating' && waiting.reason !== 'PodInitializing') {
    return waitingReason(waiting.reason, plainText(waiting.message ?? ''), source);
  }
  const scheduled = status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    const said = plainText(scheduled.message ?? '');
    return { kind: 'unscheduled', said, gated: scheduled.reason === 'SchedulingGated' };
  }
  return pod.spec?.nodeName === undefined
    ? { kind: 'waiting', detail: cause('waitingForNode') }
    : { kind: 'starting', node: plainText(pod.spec.nodeName) };
}

/** The agent's own: webhooks put others beside it, in any order. */
export function agentContainer(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === containerName);
}

/**
 * Whether an agent in a pod may still serve: its container runs as far as the cluster knows, or is about to, nobody deletes it, and
 * its node is heard of. Of the pods of a node that is not heard of (node-monitor-grace-period) the cluster says that they are not ready while
 * their containers are, and deletes them minutes later (pods.spec.tolerations of node.kubernetes.io/unreachable).
 */
export function isServing(pod: Pod): boolean {
  const conditions = pod.status?.conditions ?? [];
  const is = (type: string, status: string) => conditions.some((one) => one.type === type && one.status === status);
  const isNodeLost = is('Ready', 'False') && is('ContainersReady', 'True') && !pod.spec?.readinessGates?.length;
  const state = agentContainer(pod)?.state;
  const isStarting = pod.status?.phase === 'Pending' && pod.spec?.nodeName !== undefined && !state?.terminated;
  return (state?.running !== undefined || isStarting) && pod.metadata?.deletionTimestamp === undefined && !isNodeLost;
}

/** A container that somebody else's webhook put before ours, and that does not come up: ours never starts. */
function troubleOfForeign(pod: Pod): PodProgress | null {
  for (const { name, state, lastState } of pod.status?.initContainerStatuses ?? []) {
    const waiting = state?.waiting?.reason ?? '';
    const ended = state?.terminated ?? lastState?.terminated;
    if (/Err|BackOff|InvalidImageName/.test(waiting) || (ended !== undefined && ended.exitCode !== 0)) {
      const words = [waiting, state?.waiting?.message ?? '', ended?.message ?? ''].filter((word) => word !== '');
      const detail = cause('foreignContainer', {
        container: plainText(name),
        reason: plainText(words.join(', ')) || `exit code ${ended?.exitCode ?? 0}`,
      });
      return { kind: 'troubled', detail, problem: problem('agent-refused', detail), patience: startPatience * 2 };
    }
  }
  return null;
}

/** A registry that is too busy or out of reach for a moment; everything else it says is about the image. */
const busyRegistry = /too ?many ?requests|\b(429|50[0234])\b|timeout|deadline exceeded|\bEOF\b|connection reset/i;

function waitingReason(reason: string, message: string, source: PodSource): PodProgress {
  const { image } = source;
  const detail = message === '' ? reason : `${reason}: ${message}`;
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
      return {
        kind: 'troubled',
        detail,
        problem: problem('agent-image-unpullable', detail, { image }),
        patience: busyRegistry.test(message) ? busyRegistryPatience : reason === 'ImagePullBackOff' ? 0 : pullPatience,
      };
    case 'ErrImageNeverPull':
    case 'InvalidImageName':
    case 'ErrImageInspect':
    case 'SignatureValidationFailed':
      return { kind: 'failed', problem: problem('agent-image-unpullable', detail, { image }) };
    case 'RunContainerError':
      return { kind: 'failed', problem: startProblem(detail, source) };
    case 'CreateContainerConfigError':
    case 'CreateContainerError':
    case 'CreatePodSandboxError':
      // The kubelet tries again, and with a busy node that often helps.
      return {
        kind: 'troubled',
        detail,
        problem: isRootsImage(detail) ? problem('agent-refused', detail) : startProblem(detail, source),
        patience: isRootsImage(detail) ? 0 : startPatience,
      };
    default:
      return { kind: 'waiting', detail };
  }
}

/** Why pods end that nobody refused: their place was needed, or their node went (KEP-3329, kubelet/lifecycle, kubelet/nodeshutdown). */
const disruptions = /^(Preempt\w*|NodeShutdown|Shutdown|NodeLost|NodeAffinity|OutOf\w+|UnexpectedAdmissionError)$/;

/** True where the pod went for a reason that another one need not meet. */
export function wasDisrupted({ status }: Pod): boolean {
  const { reason = '', message = '', conditions = [] } = status ?? {};
  const isOwnUse = /usage .*exceeds|exceeded.* limit/i.test(message); // evicted for what it used itself
  return (
    disruptions.test(reason) ||
    /node shutdown/i.test(message) ||
    (reason === 'Evicted' && !isOwnUse) ||
    (!isOwnUse && conditions.some((condition) => condition.type === 'DisruptionTarget' && condition.status === 'True'))
  );
}

/** A pod that went so: making another one is right. */
export function disruptedProblem({ status }: Pod): Problem {
  const words = [status?.reason ?? '', status?.message ?? ''].filter((word) => word !== '').join(': ');
  const target = status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  const reason = plainText(words || target?.message || target?.reason || '') || 'no reason was given';
  return problem('agent-gone', cause('agentDisrupted', { reason }), { disrupted: 'true' });
}

function endOf(pod: Pod, container: ContainerStatus | undefined, source: PodSource): PodProgress {
  const terminated = container?.state?.terminated;
  const { status } = pod;
  const message = plainText(terminated?.message ?? status?.message ?? '');
  const reason = terminated?.reason ?? status?.reason ?? '';
  const words = [reason, terminated === undefined ? '' : `exit code ${terminated.exitCode}`, message];
  const because = words.filter((word) => word !== '').join(', ') || 'it ended';
  // containerd says StartError or ContainerCannotRun where the command is not in the image.
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    return { kind: 'failed', problem: startProblem(because, source) };
  }
  if (wasDisrupted(pod)) {
    return { kind: 'failed', problem: disruptedProblem(pod) };
  }
  if (reason === 'SysctlForbidden' || reason === 'Evicted') {
    return { kind: 'failed', problem: problem('agent-refused', because) };
  }
  return { kind: 'ended', because };
}

function startProblem(detail: string, { image, contained }: PodSource): Problem {
  if (!/executable file not found|exec: "[^"]*": stat /i.test(detail)) {
    return problem('agent-crashed', detail);
  }
  return contained
    ? problem('agent-missing', cause('agentNoProgram', { reason: detail }), { image })
    : problem('agent-no-shell', detail, { image });
}

/**
 * Why the Job controller could make no pod, from the Job's events. Quotas and policies refuse for good as far as a
 * person waiting is concerned; other reasons (a service account that is just being made) get some time.
 */
export function refusalOfJob(events: readonly CoreEvent[]): { problem: Problem; patience: number } | null {
  const refusal = events.filter((event) => event.reason === 'FailedCreate').at(-1);
  if (refusal === undefined) {
    return null;
  }
  const said = plainText(refusal.message ?? '') || 'the Job controller could not make a pod';
  const final = /is forbidden|denied|exceeded quota|violates|must specify|admission/i.test(said);
  const refused = problem('agent-refused', refusalCause(said));
  // A webhook that is out of reach for a moment is asked again by the Job controller, ten seconds later.
  const patience = unreachableWebhook(said) !== null ? 25_000 : final && !/serviceaccount/i.test(said) ? 0 : 10_000;
  return { problem: refused, patience };
}

/** The refusal in its own words; before them whose it is, and what is full, where the words say so. */
export function refusalCause(said: string): Cause | string {
  const quota = exceededQuota(said);
  if (quota !== null) {
    const over = quota.over.map(({ resource, used, hard, requested }) => `${resource} ${used}/${hard} (+${requested})`);
    return cause('quotaFull', { quota: quota.name, over: over.join(', '), said });
  }
  const webhook = unreachableWebhook(said);
  return webhook === null ? said : cause('webhookSilent', { webhook, said });
}

/** The webhook without whose answer nothing is taken (failurePolicy Fail); null where it is something else. */
function unreachableWebhook(said: string): string | null {
  return /failed calling webhook "([^"]+)"/.exec(said)?.[1] ?? null;
}
