/** The catalogue of Services in the forms that others need: endpoints for the engine, a selection for lists. */
import { compareServiceKeys, type Service, type ServiceKey } from '../../contract/index.ts';
import type { ServiceEndpoint, ServiceEndpoints } from '../engine-messages.ts';
import type { Catalogue } from '../ports.ts';

/** Characters of JSON in one message, about: far below what a frame may have, and little enough to be read between packets. */
const largestPart = 256 << 10;

/** Of one Service address. An echo goes to one of them; a Service of thousands needs no more to choose from. */
const mostReady = 256;

/** Tells one engine of the Services, so that it can send an echo to an endpoint, and knows when a name means another address. */
export interface EndpointTelling {
  /** What the engine has to hear to know this catalogue: everything for the first time, then what changed since. */
  messages(catalogue: Catalogue): ServiceEndpoints[];
}

interface Told {
  readonly entries: readonly ServiceEndpoint[];
  readonly text: string;
}

export function createEndpointTelling(): EndpointTelling {
  let told: ReadonlyMap<string, Told> | null = null;
  return {
    messages: (catalogue) => {
      const known: ReadonlyMap<string, Told> = told ?? new Map();
      const next = new Map<string, Told>();
      const changed: Told[] = [];
      for (const service of catalogue.services) {
        const reached = reachedBy(service);
        if (reached.entries.length === 0) {
          continue;
        }
        const key = `${service.namespace}/${service.name}`;
        const before = known.get(key);
        next.set(key, reached);
        if (before !== reached && before?.text !== reached.text) {
          changed.push(reached);
        }
      }
      const gone = [...known].filter(([key]) => !next.has(key)).map(([, { entries }]) => nameOf(entries));
      const parts = told !== null && changed.length + gone.length === 0 ? [] : inParts(changed, gone);
      const [first] = parts;
      if (told === null && first !== undefined) {
        first.whole = true;
      }
      told = next;
      return parts;
    },
  };
}

function inParts(changed: readonly Told[], gone: readonly ServiceKey[]): ServiceEndpoints[] {
  const parts: ServiceEndpoints[] = [];
  let part: ServiceEndpoints = { services: [] };
  let size = 0;
  const add = (length: number): ServiceEndpoints => {
    if (size > 0 && size + length > largestPart) {
      part.more = true;
      parts.push(part);
      part = { services: [] };
      size = 0;
    }
    size += length;
    return part;
  };
  for (const { entries, text } of changed) {
    add(text.length).services.push(...entries);
  }
  for (const name of gone) {
    const target = add(JSON.stringify(name).length);
    target.gone ??= [];
    target.gone.push(name);
  }
  return [...parts, part];
}

function nameOf([entry]: readonly ServiceEndpoint[]): ServiceKey {
  return { namespace: entry?.namespace ?? '', name: entry?.name ?? '' };
}

/** A Service never changes in place (ports.ts), and most stay the same from one catalogue to the next. */
const known = new WeakMap<Service, Told>();

/** Each cluster IP with its ready endpoints, in an order of their own, so that two equal Services give equal text. */
function reachedBy(service: Service): Told {
  const before = known.get(service);
  if (before !== undefined) {
    return before;
  }
  const ready = [...new Set(service.endpoints.filter((endpoint) => endpoint.ready).map(({ address }) => address))];
  const entries = service.addresses.map((address) => ({
    namespace: service.namespace,
    name: service.name,
    address,
    ready: ready
      .filter((candidate) => candidate.includes(':') === address.includes(':'))
      .sort()
      .slice(0, mostReady),
  }));
  const reached = { entries, text: JSON.stringify(entries) };
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
