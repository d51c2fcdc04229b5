/** Whose a record is: a home folder is shared by containers and, over NFS, by computers, and each of them has a core. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { networkName } from './user-place.ts';

export interface Owner {
  /** The network that a core changes (user-place.ts): no two cores that live have the same one. */
  readonly network: string;
  /** Of the running kernel; empty where the system has none. */
  readonly boot: string;
  /** The computer or container, whichever kernel it runs on; empty where it cannot be told from others. */
  readonly machine: string;
}

export function ownerHere(): Owner {
  const machineId = textOf('/etc/machine-id'); // machine-id(5); images of containers often have none, or one for all
  return {
    network: networkName(),
    boot: textOf('/proc/sys/kernel/random/boot_id'),
    machine:
      machineId === '' ? '' : createHash('sha256').update(`${machineId} ${hostname()}`).digest('hex').slice(0, 12),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
