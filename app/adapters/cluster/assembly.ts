/**
 * Makes catalogues of what informers tell. Each change touches its own Service only; what did not change is neither
 * read nor joined nor sorted again, and is the same object in the next catalogue: with 10,000 Services and 50 changes
 * a second, everything anew would take a core of the laptop for itself.
 */
import { compareServiceKeys, type Problem, type Service } from '../../contract/index.ts';
import type { Catalogue } from '../../core/ports.ts';
import { type Slice, serviceOf, sliceOf, withEndpoints } from './catalogue-objects.ts';

export interface Assembly {
  /** An object was added or replaced (`isThere`), or is gone. Malformed ones are as if they were not there. */
  service(object: KubernetesMetadata, isThere: boolean): void;
  slice(object: KubernetesMetadata, isThere: boolean): void;
  /** The present catalogue. */
  assemble(namespaces: readonly string[], problems: readonly Problem[]): Catalogue;
}

interface KubernetesMetadata {
  readonly metadata?: { readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined;
}

/** Above this many changes at once, sorting anew is cheaper than putting each into its place. */
const manyChanges = 500;

export function createAssembly(): Assembly {
  const services = new Map<string, Service>(); // by namespace/name; without endpoints
  const slices = new Map<string, Slice>(); // by namespace/name of the slice
  const slicesOf = new Map<string, Set<string>>(); // names of slices by namespace/name of their Service
  const joined = new Map<string, Service>();
  const touched = new Set<string>();
  let sorted: readonly Service[] = [];

  function join(key: string): void {
    const service = services.get(key);
    if (service === undefined) {
      joined.delete(key);
      return;
    }
    const names = [...(slicesOf.get(key) ?? [])];
    const whole = withEndpoints(
      service,
      names.map((name) => slices.get(name)).filter((slice) => slice !== undefined),
    );
    const before = joined.get(key);
    // Most updates of an object change what nobody is shown (annotations, status, managed fields).
    if (before === undefined || JSON.stringify(before) !== JSON.stringify(whole)) {
      joined.set(key, whole);
    }
  }

  function bringUpToDate(): void {
    const before = new Map([...touched].map((key) => [key, joined.get(key)]));
    touched.forEach(join);
    touched.clear();
    const changed = [...before].filter(([key, service]) => joined.get(key) !== service);
    if (changed.length > manyChanges) {
      sorted = [...joined.values()].sort(compareServiceKeys);
    } else if (changed.length > 0) {
      const next = [...sorted];
      for (const [key, old] of changed) {
        replace(next, old, joined.get(key));
      }
      sorted = next;
    }
  }

  return {
    service: (object, isThere) => {
      const key = keyOf(object);
      const service = isThere ? serviceOf(object) : null;
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
      const slice = isThere ? sliceOf(object) : null;
      if (slice !== null) {
        slices.set(key, slice);
        const others = slicesOf.get(slice.service) ?? new Set<string>();
        slicesOf.set(slice.service, others.add(key));
        touched.add(slice.service);
      }
    },
    assemble: (namespaces, problems) => {
      bringUpToDate();
      return { namespaces: [...namespaces].sort(), services: sorted, problems: [...problems] };
    },
  };
}

/** Takes `old` out of the sorted list, puts `now` into it, or one in the other's place. */
function replace(list: Service[], old: Service | undefined, now: Service | undefined): void {
  const one = now ?? old;
  if (one === undefined) {
    return;
  }
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = list[middle];
    if (there !== undefined && compareServiceKeys(there, one) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  list.splice(low, old === undefined ? 0 : 1, ...(now === undefined ? [] : [now]));
}

function keyOf({ metadata }: KubernetesMetadata): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}
