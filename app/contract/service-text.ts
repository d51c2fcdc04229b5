/** How every frontend writes what a Service is, so that the command line and the window say the same. Pure. */
import type { Service, ServicePort } from './services.ts';

/** `http 80`, `dns 53/UDP`, `6379`: the name, the number, and the protocol where it is not TCP. */
export function portText({ name, port, protocol }: Pick<ServicePort, 'name' | 'port' | 'protocol'>): string {
  const number = protocol === '' || protocol === 'TCP' ? `${port}` : `${port}/${protocol}`;
  return name === '' ? number : `${name} ${number}`;
}

export const portsText = (ports: Service['ports']): string => ports.map(portText).join(' · ');

/** Of endpoints: all, some or none of them ready; outside where a Service is a name for something else. */
export type Readiness = 'all' | 'some' | 'none' | 'outside';

export function readinessOf({ type, endpoints }: Pick<Service, 'type' | 'endpoints'>): {
  readonly readiness: Readiness;
  readonly ready: number;
  readonly total: number;
} {
  const ready = endpoints.filter((endpoint) => endpoint.ready).length;
  const total = endpoints.length;
  const readiness = type === 'ExternalName' ? 'outside' : ready === 0 ? 'none' : ready < total ? 'some' : 'all';
  return { readiness, ready, total };
}
