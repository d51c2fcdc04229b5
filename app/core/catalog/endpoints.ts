/** The catalogue of Services in the forms that others need: endpoints for the engine, a selection for lists. Pure. */
import { compareServiceKeys, type Service, type ServiceKey } from '../../contract/index.ts';
import type { ServiceEndpoints } from '../engine-messages.ts';
import type { Catalogue } from '../ports.ts';

/**
 * Every cluster IP with its Service and its ready endpoints, so that the engine can send an echo to one of them, and
 * knows when what it said of a name is no longer true. Services without a
 * cluster IP have no address to ping. In the catalogue's order, so that two equal catalogues give equal messages.
 */
export function endpointsOf(catalogue: Catalogue): ServiceEndpoints {
  return { services: catalogue.services.flatMap(reachedBy) };
}

/** A Service never changes in place (ports.ts), and most stay the same from one catalogue to the next. */
const known = new WeakMap<Service, ServiceEndpoints['services']>();

function reachedBy(service: Service): ServiceEndpoints['services'] {
  const before = known.get(service);
  if (before !== undefined) {
    return before;
  }
  const ready = [...new Set(service.endpoints.filter((endpoint) => endpoint.ready).map(({ address }) => address))];
  const reached = service.addresses.map((address) => ({
    namespace: service.namespace,
    name: service.name,
    address,
    ready: ready.filter((candidate) => candidate.includes(':') === address.includes(':')).sort(),
  }));
  known.set(service, reached);
  return reached;
}

/** Services or pods of these namespaces (all where none is named), by namespace and name. */
export function selectNamespaces<Item extends ServiceKey>(
  items: readonly Item[],
  namespaces: readonly string[],
): Item[] {
  return items
    .filter((item) => namespaces.length === 0 || namespaces.includes(item.namespace))
    .toSorted(compareServiceKeys);
}
