/** Processor time and task switches of processes, from /proc (proc(5)): of some by name, and of all that a transfer wakes. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ of every Linux that Node runs on: the unit of times in /proc/PID/stat. */
const ticksPerSecond = 100;

export interface Cost {
  /** Processor seconds, user and system. */
  readonly seconds: number;
  /** How often a task was taken from a processor, by itself or not. */
  readonly switches: number;
}

export interface ProcessTime {
  readonly id: number;
  readonly parent: number;
  readonly seconds: number;
  /** Ticks after boot: tells a process from a later one with the same id. */
  readonly started: number;
}

/** What processes had used at one time; a later one gives the difference. */
export type Used = ReadonlyMap<number, { readonly time: ProcessTime; readonly switches: ReadonlyMap<string, number> }>;

/** Reads /proc/PID/stat. The name in it may have blanks and brackets of its own. */
export function parseTime(stat: string): ProcessTime {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]); // the numbers of proc(5)
  return {
    id: Number.parseInt(stat, 10),
    parent: field(4),
    seconds: (field(14) + field(15)) / ticksPerSecond,
    started: field(22),
  };
}

/** Reads the two counts of /proc/PID/task/TID/status. */
export function parseSwitches(status: string): number {
  return [...status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

/** Ids of all that descend from these, and the roots themselves. */
export function withDescendants(
  processes: readonly Pick<ProcessTime, 'id' | 'parent'>[],
  roots: readonly number[],
): Set<number> {
  const children = new Map<number, number[]>();
  for (const { id, parent } of processes) {
    children.set(parent, [...(children.get(parent) ?? []), id]);
  }
  const found = new Set<number>();
  const open = [...roots];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (!found.has(id)) {
      found.add(id);
      open.push(...(children.get(id) ?? []));
    }
  }
  return found;
}

/** What these processes used between the two times. One that ended in between counts nothing, one that began all it has. */
export function costBetween(before: Used, after: Used, ids: Iterable<number> = after.keys()): Cost {
  let seconds = 0;
  let switches = 0;
  for (const id of ids) {
    const now = after.get(id);
    const then = before.get(id);
    const earlier = then !== undefined && then.time.started === now?.time.started ? then : undefined;
    seconds += (now?.time.seconds ?? 0) - (now === undefined ? 0 : (earlier?.time.seconds ?? 0));
    for (const [task, count] of now?.switches ?? []) {
      switches += count - (earlier?.switches.get(task) ?? 0);
    }
  }
  return { seconds, switches };
}

/** Every process of this machine. */
export function allTimes(): ProcessTime[] {
  return numbered('/proc').flatMap((id) => {
    const stat = readIfThere(`/proc/${id}/stat`);
    return stat === undefined ? [] : [parseTime(stat)];
  });
}

export function usedBy(ids: Iterable<number>): Used {
  const used = new Map<number, { time: ProcessTime; switches: ReadonlyMap<string, number> }>();
  for (const id of ids) {
    const stat = readIfThere(`/proc/${id}/stat`);
    if (stat === undefined) {
      continue;
    }
    const switches = new Map<string, number>();
    for (const task of numbered(`/proc/${id}/task`)) {
      switches.set(task, parseSwitches(readIfThere(`/proc/${id}/task/${task}/status`) ?? ''));
    }
    used.set(id, { time: parseTime(stat), switches });
  }
  return used;
}

function numbered(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // it ended in between
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // it ended in between
  }
}
