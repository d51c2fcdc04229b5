/** The shape of a pod of the Kubernetes API as far as it is read: what is not understood is empty, and lists have an end. */
import { z } from 'zod';
import { metadata, text, time } from './catalogue-objects.ts';

/** Containers, ports and labels of one pod at most: a cluster may set hundreds, and nobody reads them. */
export const most = 64;

const many = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .catch(null)
    .transform((items) => (items ?? []).slice(0, most));

const number = z
  .number()
  .nullish()
  .catch(null)
  .transform((value) => value ?? 0);

const flag = z
  .boolean()
  .nullish()
  .catch(null)
  .transform((value) => value === true);

const terminated = z.object({ exitCode: number, signal: number, reason: text, message: text, finishedAt: time });
const state = z
  .object({
    waiting: z.object({ reason: text, message: text }).nullish(),
    running: z.object({}).nullish(),
    terminated: terminated.nullish(),
  })
  .nullish()
  .catch(null);

const containerStatus = z.object({
  name: z.string(),
  ready: flag,
  started: flag,
  restartCount: number,
  state,
  lastState: state,
});
export type ContainerStatus = z.output<typeof containerStatus>;

const container = z.object({
  name: z.string().max(63),
  image: text,
  restartPolicy: text,
  ports: many(z.object({ name: text, containerPort: z.number().int().min(1).max(65535), protocol: text })),
});

const condition = z.object({ type: z.string(), status: text, reason: text, message: text });

export const podObject = z.object({
  metadata: metadata.extend({
    deletionTimestamp: text,
    // Set by Istio's node agent once a pod's connections go through it (ambient mode).
    annotations: z.object({ 'ambient.istio.io/redirection': text }).nullish().catch(null),
    ownerReferences: many(z.object({ kind: z.string(), name: z.string(), controller: flag })),
  }),
  spec: z.object({
    nodeName: text,
    hostNetwork: flag,
    hostname: text,
    subdomain: text,
    containers: many(container),
    initContainers: many(container),
    readinessGates: many(z.object({ conditionType: z.string() })),
  }),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      podIP: text,
      podIPs: many(z.object({ ip: z.string() })),
      conditions: many(condition),
      containerStatuses: many(containerStatus),
      initContainerStatuses: many(containerStatus),
    })
    .nullish()
    .transform((given) => given ?? noStatus),
});
export type PodObject = z.output<typeof podObject>;

/** Of a pod that no kubelet has said anything about. */
const noStatus = {
  phase: '',
  reason: '',
  message: '',
  podIP: '',
  podIPs: [],
  conditions: [],
  containerStatuses: [],
  initContainerStatuses: [],
};

export const isSidecar = ({ restartPolicy }: { readonly restartPolicy: string }): boolean => restartPolicy === 'Always';

/** How a container ended, in the words of kubectl. */
export function endWord({ reason, signal, exitCode }: z.output<typeof terminated>): string {
  return reason || (signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`);
}
