/**
 * A list that belongs to one core of a home: each has a file of its own, so that none writes over another's or takes what it
 * stands for as its own. What an earlier start of the same computer left is taken over, for its owner cannot live any more.
 */
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Kept, readKept, writeKept } from './kept-file.ts';
import { type Owner, ownerHere } from './owner.ts';

/** Nothing that a list stands for lasts as long without a word of its owner: milliseconds since it was written. */
const keptFor = 90 * 24 * 3600 * 1000;

export interface OwnedList<Value> {
  read(): Promise<Kept<Value[]>>;
  /** After a first read. */
  write(values: readonly Value[]): Promise<void>;
}

export function openOwnedList<Value>(
  folder: string,
  name: string,
  values: z.ZodType<Value[]>,
  owner: Owner = ownerHere(),
): OwnedList<Value> {
  const schema = z.object({ boot: z.string(), machine: z.string(), values });
  const fileName = `${name}.${owner.network}.json`;
  const file = join(folder, fileName);
  const write = (list: readonly Value[]) => writeKept(file, { boot: owner.boot, machine: owner.machine, values: list });
  let takenOver: Promise<Kept<Value[]>> | null = null;

  /** The values of a file whose owner is gone, taken by whoever renames it first. */
  async function claim(path: string, list: Value[]): Promise<Value[]> {
    const claimed = `${path}.${process.pid}`;
    try {
      await rename(path, claimed);
    } catch {
      return [];
    }
    await rm(claimed, { force: true });
    return list;
  }

  async function ofEarlierStart(path: string): Promise<Value[]> {
    try {
      const kept = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
      if (kept.success && kept.data.machine !== '' && kept.data.machine === owner.machine) {
        return kept.data.boot === owner.boot ? [] : await claim(path, kept.data.values);
      }
      if (Date.now() - (await stat(path)).mtimeMs > keptFor) {
        await rm(path, { force: true });
      }
    } catch {
      // another one's, and not for us to judge
    }
    return [];
  }

  async function takeOver(): Promise<Kept<Value[]>> {
    // Up to version 0.1 there was one list for all.
    const earlier = await readKept(join(folder, `${name}.json`), values);
    const found = earlier.kind === 'value' ? await claim(join(folder, `${name}.json`), earlier.value) : [];
    const others = (await readdir(folder)).filter(
      (each) => each.startsWith(`${name}.`) && /^[0-9a-f]{12}\.json$/.test(each.slice(name.length + 1)),
    );
    for (const other of others.filter((each) => each !== fileName)) {
      found.push(...(await ofEarlierStart(join(folder, other))));
    }
    if (found.length > 0) {
      const own = await readKept(file, schema);
      await write([...(own.kind === 'value' ? own.value.values : []), ...found]);
    }
    return earlier;
  }

  return {
    read: async () => {
      const isFirst = takenOver === null;
      takenOver ??= takeOver();
      const earlier = await takenOver;
      const own = await readKept(file, schema);
      if (own.kind === 'value') {
        return { kind: 'value', value: own.value.values };
      }
      return own.kind === 'absent' && isFirst && earlier.kind === 'broken' ? earlier : own;
    },
    write,
  };
}
