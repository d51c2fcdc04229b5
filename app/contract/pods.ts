/** Pods of a cluster as frontends see them. Names, reasons and messages are a cluster's text: show as text. */
import { z } from 'zod';

const containerPortSchema = z.object({ name: z.string(), port: z.number(), protocol: z.string() });

const containerSchema = z.object({
  name: z.string(),
  image: z.string(),
  /** A sidecar is an init container with restartPolicy Always (KEP-753). */
  kind: z.enum(['app', 'init', 'sidecar']),
  ready: z.boolean(),
  /** As the kubelet says it: Running, CrashLoopBackOff, Completed, OOMKilled …; empty before it says anything. */
  state: z.string(),
  restarts: z.number(),
  ports: z.array(containerPortSchema),
});
export type Container = z.infer<typeof containerSchema>;

/** Why a pod is not as it should be. */
const podReasonSchema = z.object({
  /** The container that it is about; empty: the pod. */
  container: z.string(),
  /** CrashLoopBackOff, OOMKilled, Unschedulable, a readiness gate …: a word of Kubernetes or of a controller. */
  word: z.string(),
  /** Of the process that ended last. */
  exitCode: z.number().nullable(),
  message: z.string(),
});
export type PodReason = z.infer<typeof podReasonSchema>;

export const podSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  /** The first is the pod's main one; empty while it has none. */
  addresses: z.array(z.string()),
  /** It shares its node's network: the addresses are the node's. */
  hostNetwork: z.boolean(),
  node: z.string(),
  /** What `kubectl get pods` says in its column STATUS. */
  status: z.string(),
  /** ready: all containers are; done: ended as it was meant to; starting: nothing is wrong yet; failing: something is. */
  health: z.enum(['ready', 'starting', 'failing', 'done', 'ending']),
  /** How many containers are ready, of how many, as `kubectl get pods` counts them. */
  ready: z.number(),
  total: z.number(),
  reasons: z.array(podReasonSchema),
  containers: z.array(containerSchema),
  restarts: z.number(),
  /** When a container ended for the last time before it was restarted, in milliseconds since the epoch; null: never. */
  restartedAt: z.number().nullable(),
  /** What made it: a Deployment where that can be told of the ReplicaSet's name. */
  owner: z.object({ kind: z.string(), name: z.string() }).nullable(),
  /** With both it has a name of its own, HOSTNAME.SUBDOMAIN.NAMESPACE.svc, where a headless Service is called SUBDOMAIN. */
  hostname: z.string(),
  subdomain: z.string(),
  labels: z.record(z.string(), z.string()),
  /** The service mesh that takes its connections in front of it: Istio, Linkerd …; absent: none that is known. */
  mesh: z.string().optional(),
  createdAt: z.number(),
});
export type Pod = z.infer<typeof podSchema>;
