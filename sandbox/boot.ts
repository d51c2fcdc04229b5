/** Which start of the machine something is of. */
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Differs after every start of the kernel (random(4)). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Removes what an earlier start of the machine left in a sandbox's state, and says whether there was any: its processes,
 * namespaces and cgroups are gone, its process ids are others' now, and etcd, which never waits for the disk, may have
 * kept half of what it was told.
 */
export async function forgetEarlierBoot(state: string, current = bootId()): Promise<boolean> {
  const file = path.join(state, 'boot');
  // An empty file is one whose writer was killed: it says nothing of a sandbox that may be running.
  const known = (await readFile(file, 'utf8').catch(() => '')) || current;
  if (known !== current) await rm(state, { recursive: true, force: true });
  await mkdir(state, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, current);
  await rename(`${file}.new`, file);
  return known !== current;
}
