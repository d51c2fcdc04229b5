/** What a process holds, as the kernel tells it (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

export interface Vitals {
  /** Resident memory, MiB. */
  readonly resident: number;
  /** Of that what is its own, and what is mapped from files: its program, as far as it ran by now. MiB. */
  readonly anonymous: number;
  readonly mapped: number;
  readonly descriptors: number;
  readonly threads: number;
}

export function vitalsOf(id: number): Vitals {
  const status = readFileSync(`/proc/${id}/status`, 'utf8');
  const number = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  return {
    resident: number('VmRSS') / 1024,
    anonymous: number('RssAnon') / 1024,
    mapped: number('RssFile') / 1024,
    descriptors: readdirSync(`/proc/${id}/fd`).length,
    threads: number('Threads'),
  };
}
