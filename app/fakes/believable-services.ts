/** A catalogue as a real cluster has one: about 150 Services of every kind, or as many as are asked for. */
import type { Endpoint, Service, ServicePort } from '../contract/index.ts';

/** `name:port` or `name:port:application`; UDP where the name is dns. */
const plan: Readonly<Record<string, readonly string[]>> = {
  webshop: [
    'orders http:80:http metrics:9090',
    'payments http:80:http grpc:9000:kubernetes.io/grpc',
    'cart http:80:http',
    'catalog http:80:http grpc:9000:grpc',
    'checkout http:80:http',
    'customers http:80:http',
    'frontend http:80:http',
    'inventory grpc:9000:grpc',
    'invoices http:8080:http',
    'mail http:8080:http smtp:25',
    'recommendations grpc:9000:grpc',
    'reviews http:80:http',
    'search http:80:http',
    'shipping http:80:http',
    'sessions redis:6379:redis',
    'orders-db postgres:5432:postgresql',
    'payments-db postgres:5432:postgresql',
    'search-index http:9200:http transport:9300',
    'images https:443:https',
    'legacy-soap http:8080',
    'storefront-admin https:8443:https',
    'vouchers http:80:http',
    'feature-flags http:80:http grpc:9000:grpc',
    'webhooks http:80:http',
  ],
  infra: [
    'kafka broker:9092:kafka controller:9093',
    'redis redis:6379:redis',
    'postgres postgres:5432:postgresql',
    'postgres-replica postgres:5432:postgresql',
    'prometheus http:9090:http',
    'grafana http:80:http',
    'loki http:3100:http',
    'tempo grpc:4317:grpc http:3200:http',
    'alertmanager http:9093:http',
    'vault https:8200:https',
    'minio http:9000:http console:9001:http',
    'rabbitmq amqp:5672 management:15672:http',
    'nats client:4222 monitor:8222:http',
    'schema-registry http:8081:http',
    'keycloak http:8080:http',
    'argo-cd https:443:https',
    'registry https:5000:https',
    'mysql mysql:3306:mysql',
    'mongodb mongodb:27017:mongodb',
    'memcached memcache:11211',
  ],
  'kube-system': [
    'kube-dns dns:53 dns-tcp:53 metrics:9153',
    'metrics-server https:443:https',
    'kubelet https-metrics:10250',
  ],
  monitoring: ['node-exporter metrics:9100', 'kube-state-metrics http:8080 telemetry:8081', 'blackbox http:9115:http'],
  'cert-manager': ['cert-manager metrics:9402', 'cert-manager-webhook https:443'],
  'ingress-nginx': ['ingress-nginx-controller http:80:http https:443:https', 'ingress-nginx-admission https:443'],
  default: ['kubernetes https:443'],
};

/** Teams with the same few Services each, as grown clusters have them. */
const teams = ['dev', 'dev-anna', 'dev-bruno', 'team-search', 'team-billing', 'team-logistics', 'staging', 'qa'];
const teamPlan = [
  'api http:80:http',
  'api-canary http:80:http',
  'worker metrics:9090',
  'db postgres:5432:postgresql',
  'cache redis:6379:redis',
  'events broker:9092:kafka',
  'web http:80:http',
  'gateway https:443:https',
  'scheduler http:8080:http',
  'reports http:8080:http',
  'notify grpc:9000:grpc',
  'mock-payments http:80:http',
];

export const believableNamespaces = [...Object.keys(plan), ...teams].sort();

/** `count` 0: as planned. More are made of numbered Services in numbered namespaces. */
export function believableServices(now: number, count = 0): Service[] {
  const planned = [
    ...Object.entries(plan).flatMap(([namespace, entries]) => entries.map((entry) => ({ namespace, entry }))),
    ...teams.flatMap((namespace) => teamPlan.map((entry) => ({ namespace, entry }))),
  ];
  for (let number = planned.length; number < count; number += 1) {
    const entry = teamPlan[number % teamPlan.length] ?? '';
    const [name = '', ...ports] = entry.split(' ');
    planned.push({
      namespace: `tenant-${String(number % 97).padStart(2, '0')}`,
      entry: [`${name}-${number}`, ...ports].join(' '),
    });
  }
  return planned.map(({ namespace, entry }, index) => varied(made(namespace, entry, index, now), now));
}

function made(namespace: string, entry: string, index: number, now: number): Service {
  const [name = '', ...ports] = entry.split(' ');
  const replicas = 1 + (index % 3);
  return {
    namespace,
    name,
    type: 'ClusterIP',
    addresses: [
      namespace === 'default' ? '10.96.0.1' : name === 'kube-dns' ? '10.96.0.10' : addressIn('10.96', index + 256),
    ],
    headless: false,
    externalName: '',
    ports: ports.map(portOf),
    endpoints: Array.from({ length: replicas }, (_, number) => endpointOf(name, index, number)),
    labels: {
      'app.kubernetes.io/name': name,
      'app.kubernetes.io/part-of': namespace,
      tier: index % 2 === 0 ? 'backend' : 'edge',
    },
    createdAt: now - (1 + ((index * 37) % 400)) * 86_400_000 - index * 1000,
  };
}

function portOf(text: string): ServicePort {
  const [name = '', port = '', ...application] = text.split(':');
  return {
    name,
    port: Number(port),
    protocol: name === 'dns' ? 'UDP' : 'TCP',
    targetPort: name === 'http' ? '8080' : port,
    nodePort: null,
    application: application.join(':'),
  };
}

function endpointOf(name: string, index: number, number: number): Endpoint {
  const suffix = ((index * 7919 + number * 104_729) % 60_466_176).toString(36).padStart(5, '0').slice(0, 5);
  const hash = (index * 65_537 + 4099).toString(16).padStart(9, 'a').slice(0, 9);
  return {
    address: addressIn(`10.244`, index * 3 + number + 10),
    ready: true,
    pod: `${name}-${hash}-${suffix}`,
    node: `worker-${(index + number) % 3}`,
  };
}

function addressIn(range: string, number: number): string {
  return `${range}.${Math.floor(number / 250) % 250}.${(number % 250) + 2}`;
}

/** The kinds that a list has to show: each by name, so that a test finds it. */
function varied(service: Service, now: number): Service {
  const key = `${service.namespace}/${service.name}`;
  const [first, ...others] = service.endpoints;
  switch (key) {
    case 'infra/kafka':
    case 'infra/postgres-replica':
      return { ...service, headless: true, addresses: [] };
    case 'webshop/legacy-soap':
      return {
        ...service,
        type: 'ExternalName',
        addresses: [],
        endpoints: [],
        externalName: 'soap.partner.example.com',
      };
    case 'webshop/frontend':
      return { ...service, type: 'NodePort', ports: service.ports.map((port) => ({ ...port, nodePort: 30_080 })) };
    case 'ingress-nginx/ingress-nginx-controller':
      return {
        ...service,
        type: 'LoadBalancer',
        ports: service.ports.map((port) => ({ ...port, nodePort: 31_000 + (port.port % 1000) })),
      };
    case 'webshop/invoices':
    case 'infra/mongodb':
      return { ...service, endpoints: service.endpoints.map((endpoint) => ({ ...endpoint, ready: false })) };
    case 'webshop/vouchers':
      return { ...service, endpoints: [] };
    case 'webshop/orders':
      return {
        ...service,
        endpoints: [0, 1, 2].map((number) => ({ ...endpointOf('orders', 1, number), ready: number !== 2 })),
        createdAt: now - 2 * 3_600_000,
      };
    case 'webshop/payments':
      return { ...service, endpoints: first === undefined ? [] : [{ ...first, ready: true }, ...others] };
    default:
      return service;
  }
}
