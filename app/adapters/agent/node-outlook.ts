/**
 * Whether a node will come for a pod that found none, and how long that is worth waiting for: by what the autoscaler says of
 * the pod (cluster-autoscaler's TriggeredScaleUp and NotTriggerScaleUp, Karpenter's Nominated), else by whether the
 * scheduler's reasons pass by themselves.
 */
import { type Cause, cause } from '../../contract/index.ts';
import type { CoreEvent, Node } from '../cluster/api-objects.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import { processors } from './processors.ts';

export interface Outlook {
  /** Milliseconds from when the pod was first told to find no node. */
  readonly patience: number;
  /** What to show meanwhile, and what to say at the end. */
  readonly detail: Cause | string;
}

/** A node takes minutes to boot and join; a pool that is out of stock takes longer, and its autoscaler says so. */
const whileNodesCome = 15 * 60_000;

/** An autoscaler looks every ten seconds and speaks within a minute; room that others leave comes as soon, or not. */
const whileUndecided = 75_000;

const nothingComes = 20_000;

const coming = new Set(['TriggeredScaleUp', 'Nominated', 'NominatePod', 'Launched', 'Registered']);
const notComing = new Set(['NotTriggerScaleUp']);

/** Cordoned, joining, leaving or ill nodes, and none at all: what a cluster is in while it is being worked on. */
const passing = new RegExp(
  [
    'were unschedulable',
    'no nodes available',
    '0/0 nodes',
    'not.ready',
    'unreachable',
    'unschedulable',
    'uninitialized',
    '(disk|memory|pid)-pressure',
    'network-unavailable',
    'ToBeDeletedByClusterAutoscaler',
    'DeletionCandidateOfClusterAutoscaler',
    'karpenter\\.sh/(disrupted|disruption|unregistered)',
    'startup-taint',
  ].join('|'),
  'i',
);
const crowded = /insufficient|too many pods/i;

/** `said` is the scheduler's; `mayScale`: the cluster has an autoscaler that has not spoken yet. */
export function outlookOf(said: string, events: readonly CoreEvent[], mayScale: boolean): Outlook {
  const spoken = events
    .filter(({ reason = '' }) => coming.has(reason) || notComing.has(reason))
    .toSorted((one, other) => timeOf(one) - timeOf(other))
    .at(-1);
  if (spoken !== undefined) {
    const words = plainText(spoken.message ?? '') || (spoken.reason ?? '');
    return coming.has(spoken.reason ?? '')
      ? { patience: whileNodesCome, detail: cause('nodeComing', { said: words }) }
      : { patience: nothingComes, detail: `${said} (${spoken.reason}: ${words})` };
  }
  // The first sentence is about the nodes; the second one about preemption repeats none of it.
  const reasons = said.split(/\. preemption:/i)[0] ?? '';
  if (passing.test(reasons)) {
    return { patience: whileNodesCome, detail: cause('nodesAwaited', { said }) };
  }
  return { patience: crowded.test(reasons) || mayScale ? whileUndecided : nothingComes, detail: said };
}

function timeOf(event: CoreEvent): number {
  return Date.parse(event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? '') || 0;
}

/** Groups of the API that only clusters with an autoscaler of nodes serve. */
const autoscalers = /^(karpenter\.|autoscaling\.x-k8s\.io$|autoscaling\.openshift\.io$|eks\.amazonaws\.com$)/;

/** Whether the groups of `/apis` are those of a cluster that makes nodes. */
export function scalesNodes(groups: unknown): boolean {
  const list = (groups as { groups?: unknown } | null)?.groups;
  return Array.isArray(list) && list.some((group) => autoscalers.test(String((group as { name?: unknown })?.name)));
}

/** Where no node has a processor that the agent is built for: each node with its own; null where one has. */
export function unfitNodes(nodes: readonly Node[]): string | null {
  const labels = nodes.map(({ metadata }) => ({
    name: plainText(metadata?.name ?? ''),
    system: metadata?.labels?.['kubernetes.io/os'] ?? 'linux',
    processor: metadata?.labels?.['kubernetes.io/arch'] ?? '',
  }));
  const fits = ({ system, processor }: (typeof labels)[number]) =>
    system === 'linux' && (processor === '' || processors.some((one) => one === processor));
  if (labels.length === 0 || labels.some(fits)) {
    return null;
  }
  const shown = labels
    .slice(0, 5)
    .map(({ name, system, processor }) => `${name} (${plainText(`${system}/${processor}`)})`);
  return labels.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}
