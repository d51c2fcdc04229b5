/**
 * Kubernetes objects as the catalogue shows them. What comes from a cluster is checked field by field; an object that
 * is malformed is left out, a field that is not understood is empty.
 */
import { z } from 'zod';
import { type Service, type ServicePort, serviceSchema } from '../../contract/index.ts';
import { addressesIn } from './prefixes.ts';

type Endpoint = Service['endpoints'][number];

export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

export const time = z
  .string()
  .nullish()
  .transform((value) => {
    const milliseconds = Date.parse(value ?? '');
    return Number.isNaN(milliseconds) ? 0 : milliseconds;
  });

export const metadata = z.object({
  name: z.string().min(1).max(253),
  namespace: text,
  labels: z
    .record(z.string(), z.string())
    .nullish()
    .transform((value) => value ?? {}),
  creationTimestamp: time,
});

const serviceObject = z.object({
  metadata,
  spec: z.object({
    type: text,
    clusterIP: text,
    clusterIPs: z.array(z.string()).nullish(),
    externalName: text,
    internalTrafficPolicy: text,
    sessionAffinity: text,
    publishNotReadyAddresses: z.boolean().nullish(),
    selector: z.record(z.string(), z.string()).nullish(),
    ports: z
      .array(
        z.object({
          name: text,
          port: z.number().int().min(1).max(65535),
          protocol: text,
          targetPort: z.union([z.string(), z.number()]).nullish(),
          nodePort: z.number().nullish(),
          appProtocol: text,
        }),
      )
      .nullish(),
  }),
});

const sliceObject = z.object({
  metadata,
  addressType: text,
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()),
        conditions: z.object({ ready: z.boolean().nullish() }).nullish(),
        nodeName: text,
        targetRef: z.object({ kind: text, name: text }).nullish(),
      }),
    )
    .nullish(),
  ports: z.array(z.object({ name: text, protocol: text, port: z.number().int().nullish() })).nullish(),
});

const namespaceObject = z.object({ metadata, status: z.object({ phase: text }).nullish() });

const types = serviceSchema.shape.type;

/** The Service without its endpoints; null where the object is malformed. */
export function serviceOf(object: unknown): Service | null {
  const parsed = serviceObject.safeParse(object);
  if (!parsed.success) {
    return null;
  }
  const { metadata: meta, spec } = parsed.data;
  const type = types.safeParse(spec.type || 'ClusterIP');
  if (!type.success) {
    return null;
  }
  return {
    namespace: meta.namespace,
    name: meta.name,
    type: type.data,
    addresses: addressesIn(spec.clusterIPs ?? [spec.clusterIP]),
    headless: spec.clusterIP === 'None',
    externalName: spec.externalName,
    ports: (spec.ports ?? []).map((port) => ({
      name: port.name,
      port: port.port,
      protocol: port.protocol || 'TCP',
      targetPort: String(port.targetPort ?? port.port),
      nodePort: port.nodePort ?? null,
      application: port.appProtocol,
    })),
    endpoints: [],
    traffic: {
      local: spec.internalTrafficPolicy === 'Local',
      sticky: spec.sessionAffinity === 'ClientIP',
      selects: Object.keys(spec.selector ?? {}).length > 0,
      unready: spec.publishNotReadyAddresses === true,
    },
    labels: meta.labels,
    createdAt: meta.creationTimestamp,
  };
}

export interface Slice {
  readonly service: string; // namespace/name
  readonly endpoints: readonly Endpoint[];
  /**
   * Ports that these endpoints have, with PROTOCOL/NAME as keys: a Service sends what comes to its port of that name. Null:
   * "all ports" (discovery/v1).
   */
  readonly ports: readonly { readonly key: string; readonly port: number | null }[];
}

/** As many as the API allows in one slice (discovery/v1). */
const mostPorts = 100;

export function sliceOf(object: unknown): Slice | null {
  const parsed = sliceObject.safeParse(object);
  if (!parsed.success) {
    return null;
  }
  const service = parsed.data.metadata.labels['kubernetes.io/service-name'];
  if (service === undefined || parsed.data.addressType === 'FQDN') {
    return null;
  }
  return {
    service: `${parsed.data.metadata.namespace}/${service}`,
    endpoints: (parsed.data.endpoints ?? []).flatMap((endpoint) =>
      addressesIn(endpoint.addresses).map((address) => ({
        address,
        ready: endpoint.conditions?.ready ?? true, // "nil should be interpreted as true" (discovery/v1)
        pod: endpoint.targetRef?.kind === 'Pod' ? endpoint.targetRef.name : '',
        node: endpoint.nodeName,
      })),
    ),
    ports: (parsed.data.ports ?? [])
      .slice(0, mostPorts)
      .map((port) => ({ key: portKey(port), port: port.port ?? null })),
  };
}

/** The namespace's name; null where it is going away or malformed. */
export function namespaceOf(object: unknown): string | null {
  const parsed = namespaceObject.safeParse(object);
  return parsed.success && parsed.data.status?.phase !== 'Terminating' ? parsed.data.metadata.name : null;
}

/** The Service with the endpoints of its slices. One address may be in two of them: ready wins. */
export function withEndpoints(service: Service, slices: readonly Slice[]): Service {
  const endpoints = new Map<string, Endpoint>();
  for (const slice of slices) {
    for (const endpoint of slice.endpoints) {
      const before = endpoints.get(endpoint.address);
      endpoints.set(endpoint.address, before?.ready === true ? before : endpoint);
    }
  }
  const lacking = lackingOf(service, slices);
  const traffic =
    lacking.length === 0 || service.traffic === undefined ? {} : { traffic: { ...service.traffic, lacking } };
  const ports = service.ports.map((port) => withEndpointPort(port, slices));
  return { ...service, ...traffic, ports, endpoints: [...endpoints.values()] };
}

/**
 * Ports of the Service that none of its endpoints has: where a targetPort is a name, the controller leaves the port out
 * for each pod that has no container port of that name, and kube-proxy then refuses.
 */
function lackingOf({ ports }: Service, slices: readonly Slice[]): number[] {
  const used = slices.filter(({ endpoints }) => endpoints.length > 0);
  const there = new Set(used.flatMap((slice) => slice.ports.map(({ key }) => key)));
  return used.length === 0 ? [] : ports.filter((port) => !there.has(portKey(port))).map(({ port }) => port);
}

/** Pods of one Service may have different numbers for one name, as in the middle of a rollout. */
function withEndpointPort(port: ServicePort, slices: readonly Slice[]): ServicePort {
  if (/^\d+$/.test(port.targetPort)) {
    return port;
  }
  const numbers = new Set(
    slices.filter(({ endpoints }) => endpoints.length > 0).map((slice) => portOf(slice, portKey(port))),
  );
  const [endpointPort = null] = numbers;
  return numbers.size !== 1 || endpointPort === null ? port : { ...port, endpointPort };
}

/** The last of that key, should there be two. */
function portOf({ ports }: Slice, key: string): number | null {
  return ports.findLast((port) => port.key === key)?.port ?? null;
}

function portKey({ name, protocol }: { readonly name: string; readonly protocol: string }): string {
  return `${protocol || 'TCP'}/${name}`;
}
