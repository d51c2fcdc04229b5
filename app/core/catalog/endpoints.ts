/** The catalogue of Services in the forms that others need: endpoints for the engine, a selection for lists. Pure. */
import type { Service } from '../../contract/index.ts';
import type { ServiceEndpoints } from '../engine-messages.ts';
import type { Catalogue } from '../ports.ts';

/**
 * Every cluster IP with its ready endpoints, so that the engine can send an echo to one of them. Services without a
 * cluster IP have no address to ping. Sorted, so that two equal catalogues give equal messages.
 */
export function endpointsOf(catalogue: Catalogue): ServiceEndpoints {
  const services = catalogue.services.flatMap((service) => {
    const ready = [...new Set(service.endpoints.filter((endpoint) => endpoint.ready).map(({ address }) => address))];
    return service.addresses.map((address) => ({
      address,
      ready: ready.filter((candidate) => candidate.includes(':') === address.includes(':')).sort(),
    }));
  });
  return { services: services.sort((first, second) => compare(first.address, second.address)) };
}

/** Services of these namespaces (all where none is named), by namespace and name. */
export function selectServices(services: readonly Service[], namespaces: readonly string[]): Service[] {
  return services
    .filter((service) => namespaces.length === 0 || namespaces.includes(service.namespace))
    .toSorted((first, second) => compare(first.namespace, second.namespace) || compare(first.name, second.name));
}

function compare(first: string, second: string): number {
  return first < second ? -1 : first > second ? 1 : 0;
}
