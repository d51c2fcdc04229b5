/**
 * Makes catalogues of what informers tell. Each change touches its own Service only; what did not change is neither
 * read nor joined nor sorted again, and is the same object in the next catalogue: with 10,000 Services and 50 changes
 * a second, everything anew would take a core of the laptop for itself.
 */
import type { Problem, Service } from '../../contract/index.ts';
import type { Catalogue } from '../../core/ports.ts';
import { type Slice, withEndpoints } from './catalogue-objects.ts';
import type { Kept } from './kept-lists.ts';
import { createSortedItems } from './sorted-items.ts';

export interface Assembly {
  /** An object was added or replaced (`isThere`), or is gone. Malformed ones are as if they were not there. */
  service(object: Kept<Service>, isThere: boolean): void;
  slice(object: Kept<Slice>, isThere: boolean): void;
  /** The present catalogue. */
  assemble(namespaces: readonly string[], problems: readonly Problem[]): Catalogue;
}

export function createAssembly(): Assembly {
  const services = new Map<string, Service>(); // by namespace/name; without endpoints
  const slices = new Map<string, Slice>(); // by namespace/name of the slice
  const slicesOf = new Map<string, Set<string>>(); // names of slices by namespace/name of their Service
  const joined = createSortedItems<Service>();
  const touched = new Set<string>();

  function join(key: string): void {
    const service = services.get(key);
    const names = [...(slicesOf.get(key) ?? [])];
    const found = names.map((name) => slices.get(name)).filter((slice) => slice !== undefined);
    joined.put(key, service === undefined ? null : withEndpoints(service, found));
  }

  return {
    service: (object, isThere) => {
      const key = keyOf(object);
      const service = isThere ? object.item : null;
      if (service === null) {
        services.delete(key);
      } else {
        services.set(key, service);
      }
      touched.add(key);
    },
    slice: (object, isThere) => {
      const key = keyOf(object);
      const before = slices.get(key);
      if (before !== undefined) {
        slices.delete(key);
        slicesOf.get(before.service)?.delete(key);
        touched.add(before.service);
      }
      const slice = isThere ? object.item : null;
      if (slice !== null) {
        slices.set(key, slice);
        const others = slicesOf.get(slice.service) ?? new Set<string>();
        slicesOf.set(slice.service, others.add(key));
        touched.add(slice.service);
      }
    },
    assemble: (namespaces, problems) => {
      touched.forEach(join);
      touched.clear();
      return { namespaces: [...namespaces].sort(), services: joined.list(), problems: [...problems] };
    },
  };
}

function keyOf({ metadata }: Kept<unknown>): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}
