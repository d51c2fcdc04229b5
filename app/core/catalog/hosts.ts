/** The addresses that a cluster shows, as the engine hears of them: routed one by one where another network has the range. */

import type { Catalogue } from '../ports.ts';
import { type HostsChange, mostHosts } from '../route-messages.ts';

/** Addresses in one message: far below what a frame may have. */
const mostAtOnce = 2000;

/** Tells one engine of the hosts: all for the first time, then what changed since. */
export interface HostTelling {
  messages(catalogue: Catalogue, pods: readonly string[]): HostsChange[];
}

export function createHostTelling(): HostTelling {
  let told: ReadonlySet<string> | null = null;
  return {
    messages: (catalogue, pods) => {
      const known: ReadonlySet<string> = told ?? new Set();
      const next = hostsOf(catalogue, pods);
      const add = [...next].filter((address) => !known.has(address));
      const remove = [...known].filter((address) => !next.has(address));
      const isFirst = told === null;
      told = next;
      return add.length + remove.length === 0 ? [] : inParts(add, remove, isFirst);
    },
  };
}

/** Services first, then where they lead, then other pods: what is over the limit is of the least use. */
function hostsOf({ services }: Catalogue, pods: readonly string[]): Set<string> {
  const hosts = new Set<string>();
  const take = (address: string) => {
    if (hosts.size < mostHosts) {
      hosts.add(address);
    }
  };
  for (const { addresses } of services) {
    addresses.forEach(take);
  }
  for (const { endpoints } of services) {
    for (const { address } of endpoints) {
      take(address);
    }
  }
  pods.forEach(take);
  return hosts;
}

function inParts(add: readonly string[], remove: readonly string[], isFirst: boolean): HostsChange[] {
  const parts: HostsChange[] = [];
  const length = remove.length + add.length;
  for (let at = 0; at < length; at += mostAtOnce) {
    const gone = remove.slice(at, at + mostAtOnce);
    const come = add.slice(Math.max(0, at - remove.length), Math.max(0, at + mostAtOnce - remove.length));
    parts.push({
      ...(isFirst && at === 0 ? { whole: true } : {}),
      ...(come.length === 0 ? {} : { add: come }),
      ...(gone.length === 0 ? {} : { remove: gone }),
      ...(at + mostAtOnce < length ? { more: true } : {}),
    });
  }
  return parts;
}
