/**
 * Reads out of a pod and of its Job's events how far the agent is, in the cluster's own words, and when there is no
 * use in waiting any longer.
 */

import { type Cause, cause, type Problem, problem } from '../../contract/index.ts';
import type { ContainerStatus, CoreEvent, Pod } from '../cluster/api-objects.ts';
import { plainText } from '../credentials/exec-plugin.ts';

export type PodProgress =
  | { readonly kind: 'waiting'; readonly detail: Cause | string }
  /** A problem that time may still heal; it counts when it lasts for `patience` milliseconds. */
  | { readonly kind: 'troubled'; readonly detail: Cause | string; readonly problem: Problem; readonly patience: number }
  | { readonly kind: 'running' }
  | { readonly kind: 'failed'; readonly problem: Problem }
  /** Ended or crashed: the last words are in its log. */
  | { readonly kind: 'ended'; readonly because: string };

/** A node may be on its way (autoscaler); a registry may answer the second time. Milliseconds. */
const schedulingPatience = 20_000;
const pullPatience = 8_000;
const startPatience = 15_000;

/** What the pod was made from: `contained` says that the image has the agent inside. */
export interface PodSource {
  readonly image: string;
  readonly contained: boolean;
}

export function progressOfPod(pod: Pod, source: PodSource): PodProgress {
  const status = pod.status;
  const container = status?.containerStatuses?.[0];
  if (container?.state?.running !== undefined) {
    return { kind: 'running' };
  }
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded' || container?.state?.terminated !== undefined) {
    return endOf(container, source, status?.reason ?? '', status?.message ?? '');
  }
  const waiting = container?.state?.waiting;
  if (waiting?.reason !== undefined && waiting.reason !== 'ContainerCreating' && waiting.reason !== 'PodInitializing') {
    return waitingReason(waiting.reason, plainText(waiting.message ?? ''), source);
  }
  const scheduled = status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.status === 'False') {
    const detail = plainText(scheduled.message ?? '') || cause('noNode');
    return {
      kind: 'troubled',
      detail,
      problem: problem('agent-unschedulable', detail),
      patience: scheduled.reason === 'SchedulingGated' ? schedulingPatience * 3 : schedulingPatience,
    };
  }
  if (pod.spec?.nodeName === undefined) {
    return { kind: 'waiting', detail: cause('waitingForNode') };
  }
  return { kind: 'waiting', detail: cause('startingOn', { node: plainText(pod.spec.nodeName) }) };
}

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
        patience: reason === 'ImagePullBackOff' ? 0 : pullPatience,
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
      return { kind: 'troubled', detail, problem: startProblem(detail, source), patience: startPatience };
    default:
      return { kind: 'waiting', detail };
  }
}

function endOf(
  container: ContainerStatus | undefined,
  source: PodSource,
  podReason: string,
  podMessage: string,
): PodProgress {
  const terminated = container?.state?.terminated;
  const message = plainText(terminated?.message ?? podMessage);
  const reason = terminated?.reason ?? podReason;
  const words = [reason, terminated === undefined ? '' : `exit code ${terminated.exitCode}`, message];
  const because = words.filter((word) => word !== '').join(', ') || 'it ended';
  // containerd says StartError or ContainerCannotRun where the command is not in the image.
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    return { kind: 'failed', problem: startProblem(because, source) };
  }
  if (reason === 'SysctlForbidden' || reason === 'Evicted' || reason === 'UnexpectedAdmissionError') {
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
  const cause = plainText(refusal.message ?? '') || 'the Job controller could not make a pod';
  const final = /is forbidden|denied|exceeded quota|violates|must specify|admission/i.test(cause);
  return { problem: problem('agent-refused', cause), patience: final && !/serviceaccount/i.test(cause) ? 0 : 10_000 };
}

/** A namespace whose quota counts processor limits refuses pods without one. */
export function needsCpuLimit(refusal: Problem): boolean {
  return /must specify [^;]*limits\.cpu/.test(refusal.cause);
}
