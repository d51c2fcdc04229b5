/** What is behind the destination of a flow, by the catalogue of Services. Pure. */
import type { FlowTarget, Service } from '../../contract/index.ts';

export type FindTarget = (destination: string) => FlowTarget | null;

/** An address and its port, which are written `10.96.0.1:443` and `[fd00::1]:443`. */
function partsOf(destination: string): { address: string; port: number } {
  const colon = destination.lastIndexOf(':');
  return { address: destination.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(destination.slice(colon + 1)) };
}

/** Answers by an index, which is made once for these Services. */
export function findTargets(services: readonly Service[]): FindTarget {
  const byAddress = new Map<string, { service: Service; pod: string | null }>();
  for (const service of services) {
    for (const { address, pod } of service.endpoints) {
      if (!byAddress.has(address)) {
        byAddress.set(address, { service, pod });
      }
    }
  }
  for (const service of services) {
    for (const address of service.addresses) {
      byAddress.set(address, { service, pod: null });
    }
  }
  return (destination) => {
    const { address, port } = partsOf(destination);
    const found = byAddress.get(address);
    if (found === undefined) {
      return null;
    }
    const { service, pod } = found;
    const { namespace } = service;
    const tcp = service.ports.filter(({ protocol }) => protocol === 'TCP');
    if (service.addresses.includes(address)) {
      const name = tcp.find((one) => one.port === port)?.name ?? '';
      return { kind: 'service', namespace, name: service.name, port: name };
    }
    const name = tcp.find((one) => (one.endpointPort ?? Number(one.targetPort)) === port)?.name ?? '';
    return pod
      ? { kind: 'pod', namespace, name: pod, port: name, service: service.name }
      : { kind: 'endpoint', namespace, name: service.name, port: name };
  };
}
