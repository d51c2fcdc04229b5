/** The streams of what a cluster has: its Services, and its pods. */
import type { Pod, PodsItem, Service, ServicesItem } from '../../contract/index.ts';
import type { Catalogue, PodList } from '../ports.ts';
import { listSource } from './listed.ts';
import type { Source } from './pump.ts';

export function servicesSource(catalogue: () => Catalogue | null, limit?: number): Source<ServicesItem> {
  return listSource(
    () => {
      const present = catalogue();
      return present === null ? null : { items: present.services, problems: present.problems };
    },
    weightOfService,
    (told): ServicesItem =>
      told.kind === 'all' ? { kind: 'all', services: told.items, problems: told.problems } : told,
    limit,
  );
}

export function podsSource(list: () => PodList | null, limit?: number): Source<PodsItem> {
  return listSource(
    () => {
      const present = list();
      return present === null ? null : { items: present.pods, problems: present.problems };
    },
    weightOfPod,
    (told): PodsItem => (told.kind === 'all' ? { kind: 'all', pods: told.items, problems: told.problems } : told),
    limit,
  );
}

/** 10,000 usual Services are 80,000. */
export function weightOfService({ endpoints, ports, labels }: Service): number {
  return 1 + endpoints.length + ports.length + Object.keys(labels).length;
}

/** A pod's own fields are six such parts, a container with its image is three, and so is a reason. */
function weightOfPod({ containers, reasons, labels }: Pod): number {
  const ports = containers.reduce((sum, container) => sum + container.ports.length, 0);
  return 6 + 3 * containers.length + ports + 10 * reasons.length + Object.keys(labels).length;
}
