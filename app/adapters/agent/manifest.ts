/**
 * The Job of an agent: one pod without any right in the cluster that passes PodSecurity `restricted`, and that goes
 * away by itself when nobody renews it. Sources: k8s.io pod-security-standards, safe sysctls
 * (net.ipv4.ping_group_range is safe since 1.18), TTL controller (KEP-592).
 */
import { type AgentPodChoices, agentContainerName, patchesOf } from '../../contract/index.ts';
import { type Job, requestAnnotation } from '../cluster/api-objects.ts';
import { type PodShape, quantitiesOf } from './pod-shape.ts';
import { strategicMerge } from './strategic-merge.ts';

export const managedByLabel = 'app.kubernetes.io/managed-by';
export const nameLabel = 'app.kubernetes.io/name';
export const agentLabel = 'slipway.dev/agent'; // value: the Job's name

/** Where our binary goes in a pod of a base image. */
const agentFolder = '/slipway';
export const agentFile = `${agentFolder}/agent`;

export const containerName = agentContainerName;

export interface AgentJobOptions {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  /** True: the image has the agent inside, at /slipway-agent. False: it has a shell, and the binary is sent. */
  readonly contained: boolean;
  readonly firstDeadlineSeconds: number;
  readonly shape: PodShape;
  /** What the user adds; it counts before what a refusal taught. */
  readonly choices: AgentPodChoices;
  /** Marks the Job of one placing: by it we know ours where the answer to its creation was lost. */
  readonly placing: string;
  /** How long the agent waits for a client, in seconds; 0 leaves it to the agent. */
  readonly idleSeconds: number;
  /** How long the agent keeps a client that is silent, in seconds; 0 leaves it to the agent. */
  readonly expirySeconds: number;
  readonly keepSeconds: number;
}

/** Waits for the binary and becomes it. Bounded, so that a pod that nobody sends to ends with the Job's deadline. */
const waitAndRun = `i=0; until [ -x ${agentFile} ]; do i=$((i+1)); [ $i -gt 2400 ] && exit 3; sleep 0.05 || sleep 1; done; exec ${agentFile} "$@"`;

export function agentJob(options: AgentJobOptions): Job {
  const job = usualJob(options);
  const { template, ...spec } = job.spec ?? { template: {} };
  return { ...job, spec: { ...spec, template: patchesOf(options.choices).reduce(strategicMerge, template) } };
}

function usualJob(options: AgentJobOptions): Job {
  const labels = {
    [managedByLabel]: 'slipway',
    [nameLabel]: 'slipway-agent',
    'app.kubernetes.io/component': 'agent',
    [agentLabel]: options.name,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: options.name,
      namespace: options.namespace,
      labels,
      annotations: { [requestAnnotation]: options.placing },
    },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      ttlSecondsAfterFinished: 10,
      activeDeadlineSeconds: options.firstDeadlineSeconds,
      template: {
        metadata: {
          labels: { ...labels, ...noMesh },
          annotations: {
            ...noMesh,
            // Autoscalers must not move the pod that a laptop's connections hang on.
            'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
            'kubectl.kubernetes.io/default-container': containerName,
          },
        },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 1,
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          // Nodes that we have a binary for; an image of the user's may be for others.
          ...(options.contained ? {} : { affinity: onProcessors(options.shape.processors) }),
          securityContext: {
            runAsNonRoot: true,
            ...userOf(options.shape),
            ...(options.shape.seccomp ? { seccompProfile: { type: 'RuntimeDefault' } } : {}),
            // Lets the agent open unprivileged ping sockets (icmp(7)).
            ...(options.shape.pings ? { sysctls: [{ name: 'net.ipv4.ping_group_range', value: '0 2147483647' }] } : {}),
          },
          containers: [container(options)],
          ...(options.contained ? {} : { volumes: [{ name: 'program', emptyDir: { sizeLimit: '64Mi' } }] }),
        },
      },
    },
  };
}

/** Our own user, or one that a refusal named, or none: then the cluster sets one, or the image has one. */
function userOf({ user }: PodShape) {
  if (user === 'theirs') {
    return {};
  }
  return user === 'ours' ? { runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 } : { runAsUser: user };
}

function onProcessors(values: readonly string[]) {
  const matchExpressions = [{ key: 'kubernetes.io/arch', operator: 'In', values: [...values] }];
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  };
}

type Container = NonNullable<Job['spec']>['template'] extends { spec?: { containers: (infer One)[] } } ? One : never;

function container(options: AgentJobOptions): Container {
  const times = [
    ...(options.idleSeconds === 0 ? [] : [`--idle-timeout=${options.idleSeconds}s`]),
    ...(options.expirySeconds === 0 ? [] : [`--session-expiry=${options.expirySeconds}s`]),
    ...(options.keepSeconds === 0 ? [] : [`--keep-connections=${options.keepSeconds}s`]),
  ];
  return {
    name: containerName,
    image: options.image,
    imagePullPolicy: 'IfNotPresent',
    command: [...(options.contained ? ['/slipway-agent'] : ['sh', '-c', waitAndRun, 'sh']), ...times],
    // What the agent refuses to reach: its own node.
    env: [{ name: 'SLIPWAY_HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }],
    resources: { requests: quantitiesOf(options.shape.requests), limits: quantitiesOf(options.shape.limits) },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    ...(options.contained ? {} : { volumeMounts: [{ name: 'program', mountPath: agentFolder }] }),
  };
}

/**
 * A mesh would take the agent's connections for its own. Istio (with sidecars, and ambient: a label), Linkerd, Kuma, Consul,
 * Open Service Mesh and App Mesh each have a word; some read labels, some annotations.
 */
const noMesh = {
  'sidecar.istio.io/inject': 'false',
  'istio.io/dataplane-mode': 'none',
  'linkerd.io/inject': 'disabled',
  'kuma.io/sidecar-injection': 'disabled',
  'consul.hashicorp.com/connect-inject': 'false',
  'openservicemesh.io/sidecar-injection': 'disabled',
  'appmesh.k8s.aws/sidecarInjectorWebhook': 'disabled',
};
