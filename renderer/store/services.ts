/** The Services and the pods of the context that is connected, each fed by its stream. */
import type { Pod, Service } from '../../app/contract/index.ts';
import type { HostLink } from '../host/host.ts';
import { createListFeed, type ListFeed, same } from './list-feed.ts';

export function createServices(link: HostLink, schedule?: (callback: () => void) => void): ListFeed<Service> {
  return createListFeed<Service>(
    (context, listener, ended) =>
      link.subscribe(
        'services',
        context,
        (item) => listener(item.kind === 'all' ? { ...item, rows: item.services } : item),
        ended,
      ),
    // A change of one endpoint is one object.
    (old, now) => ({
      ...now,
      namespace: old.namespace,
      name: old.name,
      addresses: same(old.addresses, now.addresses),
      ports: same(old.ports, now.ports),
      labels: same(old.labels, now.labels),
      endpoints: now.endpoints.map((endpoint, place) => {
        const before = old.endpoints[place];
        return before === undefined ? endpoint : same(before, endpoint);
      }),
    }),
    schedule,
  );
}

/** The core watches pods only while somebody follows them. */
export function createPods(link: HostLink, schedule?: (callback: () => void) => void): ListFeed<Pod> {
  return createListFeed<Pod>(
    (context, listener, ended) =>
      link.subscribe(
        'pods',
        context,
        (item) => listener(item.kind === 'all' ? { ...item, rows: item.pods } : item),
        ended,
      ),
    (old, now) => ({
      ...now,
      namespace: old.namespace,
      name: old.name,
      addresses: same(old.addresses, now.addresses),
      labels: same(old.labels, now.labels),
      containers: same(old.containers, now.containers),
    }),
    schedule,
  );
}
