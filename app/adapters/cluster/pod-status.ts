/**
 * How a pod is: the column STATUS of `kubectl get pods` (printPod in kubernetes/pkg/printers/internalversion/printers.go,
 * followed branch by branch), and why, which kubectl tells only in `describe`. Pure.
 */
import type { Pod, PodReason } from '../../contract/index.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import { type ContainerStatus, endWord, isSidecar, type PodObject } from './pod-schema.ts';

type Status = Pick<Pod, 'status' | 'health' | 'ready' | 'total' | 'reasons' | 'restarts' | 'restartedAt'>;

/** Characters of one message: a scheduler counts its nodes in a few hundred. */
const longest = 600;
/** Reasons of one pod. */
const mostReasons = 12;

export function statusOf(pod: PodObject): Status {
  const initial = initialising(pod);
  const isInitialised = !initial.isUnderWay || hasCondition(pod, 'Initialized');
  const main = isInitialised ? runningOf(pod, initial) : initial;
  const word = lastWord(pod, main.word);
  const reasons = reasonsOf(pod);
  return {
    status: plainText(word).slice(0, 80),
    health: healthOf(pod, main.ready, initial.total, reasons),
    ready: main.ready,
    total: initial.total,
    reasons,
    restarts: main.restarts,
    restartedAt: main.restartedAt === 0 ? null : main.restartedAt,
  };
}

interface Counted {
  readonly word: string;
  readonly ready: number;
  readonly restarts: number;
  /** 0: never. */
  readonly restartedAt: number;
}

interface Initial extends Counted {
  /** An init container is not done. */
  readonly isUnderWay: boolean;
  readonly total: number;
  readonly sidecars: Pick<Counted, 'restarts' | 'restartedAt'>;
}

function initialising(pod: PodObject): Initial {
  const { spec, status } = pod;
  const isGated = status.conditions.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  const sidecarNames = new Set(spec.initContainers.filter(isSidecar).map(({ name }) => name));
  let word = isGated ? 'SchedulingGated' : status.reason || status.phase;
  let isUnderWay = false;
  let ready = 0;
  let restarts = 0;
  let restartedAt = 0;
  let sidecars = { restarts: 0, restartedAt: 0 };
  for (const [index, one] of status.initContainerStatuses.entries()) {
    const isOne = sidecarNames.has(one.name);
    restarts += one.restartCount;
    restartedAt = Math.max(restartedAt, endedAt(one));
    if (isOne) {
      sidecars = {
        restarts: sidecars.restarts + one.restartCount,
        restartedAt: Math.max(sidecars.restartedAt, endedAt(one)),
      };
    }
    const ended = one.state?.terminated;
    if (ended?.exitCode === 0) {
      continue;
    }
    if (isOne && one.started) {
      ready += one.ready ? 1 : 0;
      continue;
    }
    const waiting = one.state?.waiting?.reason ?? '';
    word =
      ended != null
        ? `Init:${endWord(ended)}`
        : waiting !== '' && waiting !== 'PodInitializing'
          ? `Init:${waiting}`
          : `Init:${index}/${spec.initContainers.length}`;
    isUnderWay = true;
    break;
  }
  const total = spec.containers.length + sidecarNames.size;
  return { word, ready, restarts, restartedAt, isUnderWay, total, sidecars };
}

function runningOf({ status }: PodObject, initial: Initial): Counted {
  let { word, ready } = initial;
  let { restarts, restartedAt } = initial.sidecars;
  let hasRunning = false;
  for (const one of status.containerStatuses.toReversed()) {
    restarts += one.restartCount;
    restartedAt = Math.max(restartedAt, endedAt(one));
    const waiting = one.state?.waiting?.reason ?? '';
    const ended = one.state?.terminated;
    if (waiting !== '') {
      word = waiting;
    } else if (ended != null) {
      word = endWord(ended);
    } else if (one.ready && one.state?.running != null) {
      hasRunning = true;
      ready += 1;
    }
  }
  if (word === 'Completed' && hasRunning) {
    const isReady = status.conditions.some((one) => one.type === 'Ready' && one.status === 'True');
    word = isReady ? 'Running' : 'NotReady';
  }
  return { word, ready, restarts, restartedAt };
}

function lastWord({ metadata, status }: PodObject, word: string): string {
  if (metadata.deletionTimestamp === '') {
    return word;
  }
  if (status.reason === 'NodeLost') {
    return 'Unknown';
  }
  return isOver(status.phase) ? word : 'Terminating';
}

const isOver = (phase: string): boolean => phase === 'Succeeded' || phase === 'Failed';

const endedAt = ({ lastState }: ContainerStatus): number => lastState?.terminated?.finishedAt ?? 0;

const hasCondition = ({ status }: PodObject, type: string): boolean =>
  status.conditions.some((one) => one.type === type && one.status === 'True');

/** What a container waits for while all is well. */
const usualWaits: ReadonlySet<string> = new Set(['', 'ContainerCreating', 'PodInitializing']);

/** What says that something is wrong, as opposed to not done yet. */
function isTrouble({ word, exitCode }: PodReason): boolean {
  return word !== 'NotReady' && word !== 'SchedulingGated' && (exitCode === null || exitCode !== 0);
}

function healthOf(pod: PodObject, ready: number, total: number, reasons: readonly PodReason[]): Pod['health'] {
  const { phase } = pod.status;
  if (pod.metadata.deletionTimestamp !== '' && !isOver(phase)) {
    return 'ending';
  }
  if (isOver(phase)) {
    return phase === 'Succeeded' ? 'done' : 'failing';
  }
  if (phase === 'Running' && ready === total && hasCondition(pod, 'Ready')) {
    return 'ready';
  }
  const gates = new Set(pod.spec.readinessGates.map(({ conditionType }) => conditionType));
  return reasons.some((reason) => isTrouble(reason) && !gates.has(reason.word)) ? 'failing' : 'starting';
}

/** The pod's own reasons, then those of its containers. */
function reasonsOf(pod: PodObject): PodReason[] {
  const { spec, status } = pod;
  const gates = spec.readinessGates.flatMap(({ conditionType }) => {
    const found = status.conditions.find(({ type }) => type === conditionType);
    return found?.status === 'True' ? [] : [reason('', conditionType, null, found?.message || found?.reason || '')];
  });
  const scheduled = status.conditions.find(({ type }) => type === 'PodScheduled');
  return [
    ...(status.reason === '' ? [] : [reason('', status.reason, null, status.message)]),
    ...(scheduled?.status === 'False' ? [reason('', scheduled.reason, null, scheduled.message)] : []),
    ...[...status.initContainerStatuses, ...status.containerStatuses].flatMap(reasonsOfContainer),
    ...(isOver(status.phase) ? [] : gates),
  ].slice(0, mostReasons);
}

function reasonsOfContainer(one: ContainerStatus): PodReason[] {
  const { waiting, running, terminated } = one.state ?? {};
  const last = one.lastState?.terminated;
  if (waiting != null && !usualWaits.has(waiting.reason)) {
    // Why it ended is in the last state; why it is not running again, in this one.
    const before = last != null && !['', 'Error', 'Completed'].includes(last.reason);
    return [
      reason(one.name, waiting.reason, last?.exitCode ?? null, waiting.message),
      ...(before ? [reason(one.name, last.reason, last.exitCode, last.message)] : []),
    ];
  }
  if (terminated != null) {
    return terminated.exitCode === 0
      ? []
      : [reason(one.name, endWord(terminated), terminated.exitCode, terminated.message)];
  }
  if (running != null && !one.ready) {
    return [
      reason(one.name, 'NotReady', null, ''),
      ...(last == null || last.exitCode === 0 ? [] : [reason(one.name, endWord(last), last.exitCode, last.message)]),
    ];
  }
  return [];
}

function reason(container: string, word: string, exitCode: number | null, message: string): PodReason {
  return {
    container: container.slice(0, 63),
    word: plainText(word).slice(0, 80),
    exitCode,
    message: plainText(message.slice(0, 4 * longest)).slice(0, longest),
  };
}
