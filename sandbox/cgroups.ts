import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { exists } from './build-cache.ts';

const root = '/sys/fs/cgroup';

/** What kubelet cannot do without: hierarchies of version 1, or controllers of version 2, which has the others built in. */
const neededControllers = {
  hierarchies: ['cpu', 'cpuacct', 'cpuset', 'memory', 'pids', 'devices', 'freezer'],
  unified: ['cpu', 'memory', 'pids'],
} as const;

/** What kubelet uses of version 2 where it is there. */
const used: readonly string[] = [...neededControllers.unified, 'cpuset', 'io', 'hugetlb'];

/** Every mounted hierarchy, that of version 2 on a hybrid machine included. */
async function allHierarchies(): Promise<string[]> {
  if (isUnified()) return [root];
  const names = await readdir(root).catch(() => []);
  return names.map((name) => path.join(root, name)).filter((folder) => existsSync(path.join(folder, 'cgroup.procs')));
}

/** Where controllers are: the one tree of version 2, or the hierarchies of version 1; on a hybrid machine those have them. */
async function hierarchies(): Promise<string[]> {
  if (isUnified()) return [root];
  return (await allHierarchies()).filter((folder) => !existsSync(path.join(folder, 'cgroup.controllers')));
}

/** Says whether this machine has cgroup version 2 alone. */
export function isUnified(): boolean {
  return existsSync(path.join(root, 'cgroup.controllers'));
}

/** Controllers that are needed and not there. */
export function missingControllers(): string[] {
  if (isUnified()) {
    const here = controllersOf(root);
    return neededControllers.unified.filter((name) => !here.includes(name));
  }
  return neededControllers.hierarchies.filter((name) => !existsSync(path.join(root, name, 'cgroup.procs')));
}

/** Version 2: what the cgroup may hand down (cgroup.controllers, cgroups(7)). */
function controllersOf(folder: string): string[] {
  return readFileSync(path.join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ').filter(Boolean);
}

/**
 * Version 2: a cgroup has only the controllers that the one above hands down. One that hands down holds no process
 * itself, but for the root; a container's root is none, and keeps what runs in it.
 */
async function handDown(folder: string): Promise<void> {
  const control = path.join(folder, 'cgroup.subtree_control');
  const on = readFileSync(control, 'utf8').trim().split(' ');
  const wanted = controllersOf(folder).filter((name) => used.includes(name) && !on.includes(name));
  // One by one: a controller that the kernel refuses here takes no other with it.
  for (const name of wanted) {
    const isNeeded = (neededControllers.unified as readonly string[]).includes(name);
    await writeFile(control, `+${name}`).catch((error) => (isNeeded ? Promise.reject(error) : undefined));
  }
}

/** Makes the cgroup `name` (like /slipway-sandbox/node1/sys) in every hierarchy and returns the folders. */
export async function makeCgroup(name: string): Promise<string[]> {
  const folders: string[] = [];
  for (const hierarchy of await hierarchies()) {
    let folder = hierarchy;
    for (const part of name.split('/').filter(Boolean)) {
      if (isUnified()) await handDown(folder);
      folder = path.join(folder, part);
      await mkdir(folder, { recursive: true });
      if (!isUnified()) await inheritProcessors(folder);
    }
    folders.push(folder);
  }
  return folders;
}

/** A new cpuset is empty and takes no process until it is told its processors and memory nodes (cpuset(7)). */
async function inheritProcessors(folder: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = path.join(folder, file);
    if (!(await exists(own)) || readFileSync(own, 'utf8').trim() !== '') continue;
    await writeFile(own, await readFile(path.join(folder, '..', file), 'utf8'));
  }
}

/** Processes in the cgroup and below. */
async function processesIn(name: string): Promise<number[]> {
  const pids = new Set<number>();
  for (const folder of await foldersBelow(name)) {
    const text = await readFile(path.join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
    for (const line of text.split('\n')) if (line) pids.add(Number(line));
  }
  return [...pids];
}

/** Kills what is in the cgroup and removes it from every hierarchy. */
export async function removeCgroup(name: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    for (const pid of await processesIn(name)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it ended in between
      }
    }
    const folders = await foldersBelow(name);
    if (folders.length === 0) return;
    for (const folder of folders.sort((one, other) => other.length - one.length)) await rmdir(folder).catch(() => {});
    if (attempt > 0) await pause(100);
  }
  throw new Error(`cgroup ${name} cannot be removed`);
}

async function foldersBelow(name: string): Promise<string[]> {
  const found: string[] = [];
  // runc also makes a container's cgroup in the version 2 tree.
  for (const hierarchy of await allHierarchies()) {
    const top = path.join(hierarchy, name);
    if (!existsSync(top)) continue;
    const entries = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
    found.push(
      top,
      ...entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(entry.parentPath, entry.name)),
    );
  }
  return found;
}
