/**
 * Small JSON files that must survive a crash and a full disk: written whole beside the old one, synced, renamed over
 * it. A file that cannot be understood is kept aside, never overwritten.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';

/** Settings and records of people with hundreds of clusters stay below 1 MB. Bytes. */
const largestFile = 8 << 20;

export type Kept<Value> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'broken'; readonly because: string; readonly keptAs: string };

/** Reads and checks. A broken file is renamed to `<file>.broken-<time>`; throws only where the file cannot be read. */
export async function readKept<Value>(file: string, schema: z.ZodType<Value>): Promise<Kept<Value>> {
  let text = '';
  let because = '';
  try {
    if ((await stat(file)).size > largestFile) {
      because = `it is larger than ${largestFile >> 20} MiB`;
    } else {
      text = await readFile(file, 'utf8');
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { kind: 'absent' };
    }
    throw error;
  }
  try {
    const parsed = because === '' ? schema.safeParse(JSON.parse(text)) : null;
    if (parsed?.success === true) {
      return { kind: 'value', value: parsed.data };
    }
    const issue = parsed?.error.issues[0];
    because ||= `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'of another shape'}`;
  } catch (error) {
    because = error instanceof Error ? error.message : 'not JSON';
  }
  const keptAs = `${file}.broken-${new Date().toISOString().replaceAll(':', '')}`;
  await rename(file, keptAs);
  return { kind: 'broken', because, keptAs };
}

/** Replaces the file in one step; after it returns the new content survives a power cut. Mode 0600. */
export async function writeKept(file: string, value: unknown): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  // The rename itself is only durable once the folder is synced (rename(2), fsync(2)).
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
