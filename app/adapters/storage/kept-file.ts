/**
 * Small JSON files that must survive a crash and a full disk: written whole beside the old one, synced, renamed over
 * it. A file that cannot be understood is kept aside, never overwritten.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';

export type Kept<Value> =
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'broken'; readonly because: string; readonly keptAs: string };

/** Reads and checks. A broken file is renamed to `<file>.broken-<time>`; throws only where the file cannot be read. */
export async function readKept<Value>(file: string, schema: z.ZodType<Value>): Promise<Kept<Value>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { kind: 'absent' };
    }
    throw error;
  }
  let because: string;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) {
      return { kind: 'value', value: parsed.data };
    }
    const issue = parsed.error.issues[0];
    because = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'of another shape'}`;
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
