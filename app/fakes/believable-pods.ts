/** Pods as a real cluster has them behind its Services: one for each endpoint, and those that are in trouble, each by name. */
import { type Container, compareServiceKeys, type Pod, type Service } from '../contract/index.ts';
import { believableServices } from './believable-services.ts';

/** The pods behind these Services, and `more` of every kind of trouble in the namespace webshop. */
export function podsBehind(services: readonly Service[], now: number): Pod[] {
  const pods = new Map<string, Pod>();
  for (const service of services) {
    for (const { address, ready, pod, node } of service.endpoints) {
      const key = `${service.namespace}/${pod}`;
      if (pod !== '' && !pods.has(key)) {
        pods.set(key, podBehind(service, { address, ready, pod, node }, now));
      }
    }
  }
  return [...pods.values()].sort(compareServiceKeys);
}

/** One that is well. */
export function healthyPod(namespace: string, name: string, address: string, now = 0): Pod {
  return {
    namespace,
    name,
    addresses: [address],
    hostNetwork: false,
    node: 'worker-1',
    status: 'Running',
    health: 'ready',
    ready: 1,
    total: 1,
    reasons: [],
    containers: [container(name, 8080)],
    restarts: 0,
    restartedAt: null,
    owner: null,
    hostname: '',
    subdomain: '',
    labels: { 'app.kubernetes.io/name': name },
    createdAt: now - 3_600_000,
  };
}

function podBehind(service: Service, endpoint: Service['endpoints'][number], now: number): Pod {
  const [port] = service.ports;
  const isOrdered = service.headless;
  const made = healthyPod(service.namespace, endpoint.pod, endpoint.address, now);
  return {
    ...made,
    node: endpoint.node,
    containers: [container(service.name, Number(port?.targetPort) || (port?.port ?? 8080), port?.name ?? '')],
    owner: { kind: isOrdered ? 'StatefulSet' : 'Deployment', name: service.name },
    hostname: isOrdered ? endpoint.pod : '',
    subdomain: isOrdered ? service.name : '',
    labels: service.labels,
    createdAt: service.createdAt,
    ...(endpoint.ready
      ? {}
      : {
          status: 'CrashLoopBackOff',
          health: 'failing' as const,
          ready: 0,
          restarts: 17,
          restartedAt: now - 120_000,
          reasons: [
            {
              container: service.name,
              word: 'CrashLoopBackOff',
              exitCode: 1,
              message: `back-off 5m0s restarting failed container=${service.name} pod=${endpoint.pod}`,
            },
          ],
        }),
  };
}

function container(name: string, port: number, portName = 'http'): Container {
  return {
    name,
    image: `registry.example.com/${name}:2.14.0`,
    kind: 'app',
    ready: true,
    state: 'Running',
    restarts: 0,
    ports: [{ name: portName, port, protocol: 'TCP' }],
  };
}

/** Pods that are not as they should be, one of each kind. */
export function troubledPods(now: number): Pod[] {
  const made = (name: string, change: Partial<Pod>): Pod => ({
    ...healthyPod('webshop', name, '10.244.7.7', now),
    ready: 0,
    health: 'failing',
    ...change,
  });
  const reason = (word: string, message: string, exitCode: number | null = null, inside = 'app') => [
    { container: inside, word, exitCode, message },
  ];
  return [
    made('reports-nightly-7x2kq', {
      status: 'ImagePullBackOff',
      reasons: reason('ImagePullBackOff', 'Back-off pulling image "registry.example.com/reports:2.15": not found'),
    }),
    made('search-reindex-0', {
      status: 'Pending',
      addresses: [],
      node: '',
      reasons: reason('Unschedulable', '0/3 nodes are available: 3 Insufficient memory.', null, ''),
    }),
    made('images-resize-5c9', {
      status: 'OOMKilled',
      restarts: 4,
      restartedAt: now - 600_000,
      reasons: reason('OOMKilled', '', 137),
    }),
    made('mail-outbound-66d', {
      status: 'Evicted',
      addresses: [],
      reasons: reason('Evicted', 'The node was low on resource: ephemeral-storage.', null, ''),
    }),
    made('migrate-orders-db', { status: 'Completed', health: 'done', reasons: [] }),
    made('cart-old-59c', { status: 'Terminating', health: 'ending', reasons: [] }),
    made('checkout-next-0', { status: 'Init:0/2', health: 'starting', reasons: [] }),
    made('node-agent-x81', {
      status: 'Running',
      health: 'ready',
      ready: 1,
      addresses: ['192.168.40.11', 'fd00:40::11'],
      hostNetwork: true,
      owner: { kind: 'DaemonSet', name: 'node-agent' },
      reasons: [],
    }),
  ];
}

/** So many, behind Services as large clusters have them. */
export function manyPods(now: number, count: number): Pod[] {
  return podsBehind(believableServices(now, count), now).slice(0, count);
}

/** Names as long as Kubernetes allows them, and as clouds make them. */
export function longPods(now: number): Pod[] {
  const workload = 'payment-reconciliation-and-settlement-exporter-for-the-nordics';
  const made = healthyPod(
    'team-payments-and-settlement-europe-north-preproduction-shared',
    `${workload}-6d9f7c5b8d-x7k2q-${'batch-'.repeat(20)}0001`,
    '10.244.117.203',
    now,
  );
  const digest = 'sha256:0f5c1c9d1c2f0a5f6a0e8b7f4f4c0d7e3b9c2a1d5e6f7a8b9c0d1e2f3a4b5c6d';
  return [
    {
      ...made,
      addresses: ['10.244.117.203', '2001:db8:7a3f:91c4:5d6e:8b02:4c1a:f3e9'],
      node: 'ip-10-42-117-203.eu-central-1.compute.internal',
      status: 'CreateContainerConfigError',
      health: 'failing',
      ready: 0,
      total: 3,
      restarts: 1234,
      restartedAt: now - 5_400_000,
      owner: { kind: 'ReplicaSet', name: `${workload}-6d9f7c5b8d` },
      labels: {
        'app.kubernetes.io/name': workload,
        'topology.ebs.csi.aws.com/outpost-identifier-of-this-availability-zone': 'eu-central-1a',
      },
      reasons: [
        {
          container: workload,
          word: 'CreateContainerConfigError',
          exitCode: null,
          message: `secret "${workload}-credentials" not found in the namespace, and the container cannot be made without it`,
        },
      ],
      containers: [workload, 'linkerd-proxy', 'otel-collector'].map((name, index) => ({
        ...container(name, 8443 + index, 'https-metrics-x'),
        image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/payments/settlement/${name}@${digest}`,
        ready: false,
        state: index === 0 ? 'CreateContainerConfigError' : 'PodInitializing',
      })),
    },
  ];
}

/** Each text in every field that a window shows. */
export function hostilePods(services: readonly Service[]): Pod[] {
  return services.map(({ namespace, name }, index) => ({
    ...healthyPod(namespace, name, `10.244.98.${index & 255}`),
    status: name,
    health: index % 2 === 0 ? 'failing' : 'ready',
    node: name,
    owner: { kind: name, name },
    labels: { [name]: name },
    hostname: name,
    subdomain: name,
    reasons: [{ container: name, word: name, exitCode: null, message: name }],
    containers: [{ ...container(name, 80, name), image: name, state: name }],
  }));
}
