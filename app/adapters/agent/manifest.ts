/**
 * The Job of an agent: one pod without any right in the cluster that passes PodSecurity `restricted`, and that goes
 * away by itself when nobody renews it. Sources: k8s.io pod-security-standards, safe sysctls
 * (net.ipv4.ping_group_range is safe since 1.18), TTL controller (KEP-592).
 */
import type { Job } from '../cluster/api-objects.ts';

export const managedByLabel = 'app.kubernetes.io/managed-by';
export const nameLabel = 'app.kubernetes.io/name';
export const agentLabel = 'slipway.dev/agent'; // value: the Job's name

/** Where our binary goes in a pod of a base image. */
const agentFolder = '/slipway';
export const agentFile = `${agentFolder}/agent`;

export const containerName = 'agent';

export interface AgentJobOptions {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  /** True: the image has the agent inside, at /slipway-agent. False: it has a shell, and the binary is sent. */
  readonly contained: boolean;
  readonly firstDeadlineSeconds: number;
  /** Processor limit, for namespaces whose quota insists on one; empty for none. */
  readonly cpuLimit: string;
  /** How long the agent waits for a client, in seconds; 0 leaves it to the agent. */
  readonly idleSeconds: number;
  /** How long the agent keeps a client that is silent, in seconds; 0 leaves it to the agent. */
  readonly expirySeconds: number;
}

/** Waits for the binary and becomes it. Bounded, so that a pod that nobody sends to ends with the Job's deadline. */
const waitAndRun = `i=0; until [ -x ${agentFile} ]; do i=$((i+1)); [ $i -gt 2400 ] && exit 3; sleep 0.05 || sleep 1; done; exec ${agentFile} "$@"`;

export function agentJob(options: AgentJobOptions): Job {
  const labels = {
    [managedByLabel]: 'slipway',
    [nameLabel]: 'slipway-agent',
    'app.kubernetes.io/component': 'agent',
    [agentLabel]: options.name,
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: options.name, namespace: options.namespace, labels },
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
          // The binary that is sent is for this processor; an image of the user's may be for several.
          nodeSelector: {
            'kubernetes.io/os': 'linux',
            ...(options.contained ? {} : { 'kubernetes.io/arch': 'amd64' }),
          },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            runAsGroup: 65532,
            fsGroup: 65532,
            seccompProfile: { type: 'RuntimeDefault' },
            // Lets the agent open unprivileged ping sockets (icmp(7)).
            sysctls: [{ name: 'net.ipv4.ping_group_range', value: '0 2147483647' }],
          },
          containers: [container(options)],
          ...(options.contained ? {} : { volumes: [{ name: 'program', emptyDir: { sizeLimit: '64Mi' } }] }),
        },
      },
    },
  };
}

type Container = NonNullable<Job['spec']>['template'] extends { spec?: { containers: (infer One)[] } } ? One : never;

function container(options: AgentJobOptions): Container {
  const times = [
    ...(options.idleSeconds === 0 ? [] : [`--idle-timeout=${options.idleSeconds}s`]),
    ...(options.expirySeconds === 0 ? [] : [`--session-expiry=${options.expirySeconds}s`]),
  ];
  return {
    name: containerName,
    image: options.image,
    imagePullPolicy: 'IfNotPresent',
    command: [...(options.contained ? ['/slipway-agent'] : ['sh', '-c', waitAndRun, 'sh']), ...times],
    // What the agent refuses to reach: its own node.
    env: [{ name: 'SLIPWAY_HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }],
    resources: {
      requests: { cpu: '20m', memory: '32Mi' },
      limits: { memory: '256Mi', ...(options.cpuLimit === '' ? {} : { cpu: options.cpuLimit }) },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    ...(options.contained ? {} : { volumeMounts: [{ name: 'program', mountPath: agentFolder }] }),
  };
}

/** A sidecar would take the agent's connections for its own. Istio, Linkerd, Kuma and Consul each have a word. */
const noMesh = {
  'sidecar.istio.io/inject': 'false',
  'linkerd.io/inject': 'disabled',
  'kuma.io/sidecar-injection': 'disabled',
  'consul.hashicorp.com/connect-inject': 'false',
};
