/** Settings, what the user wants and which credential plugins may run, each a JSON file of the config folder. */
import { join } from 'node:path';
import { z } from 'zod';
import {
  cause,
  contextPartSchema,
  defaultSettings,
  failure,
  problem,
  type Result,
  type Settings,
  settingsSchema,
  success,
  type Wanted,
  wantedSchema,
} from '../../contract/index.ts';
import type { ContextRecord, Log, StorePort } from '../../core/ports.ts';
import { type Kept, readKept, writeKept } from './kept-file.ts';
import { openOwnedList } from './owned-list.ts';
import { type Owner, ownerHere } from './owner.ts';

/** A file of an older version lacks the newer fields: they take their defaults. */
const storedSettings = settingsSchema.partial().transform((stored): Settings => {
  const given = Object.fromEntries(Object.entries(stored).filter(([, value]) => value !== undefined));
  return { ...structuredClone(defaultSettings), ...given };
});

const seen = z.object({ digest: z.string(), parts: z.array(contextPartSchema) });
const callerMark = z.object({
  kubeconfigs: z.array(z.string()),
  isExplicit: z.boolean(),
  salt: z.string(),
  variables: z.record(z.string(), z.string()),
});
const recordShape = {
  caller: callerMark.nullable().optional(),
  context: z.string(),
  file: z.string(),
  lastUsedAt: z.number().nullable(),
};

/** Up to version 0.1 the digest stood alone, over fewer parts: what it confirmed cannot be compared any more. */
const contextRecords = z.array(
  z.union([
    z.object({
      ...recordShape,
      confirmed: z.union([seen, z.object({ digest: z.string(), parts: z.null() })]).nullable(),
      used: seen.nullable(),
    }),
    z.object({ ...recordShape, digest: z.string() }).transform(
      ({ digest, ...record }): ContextRecord => ({
        ...record,
        confirmed: digest === '' ? null : { digest, parts: null },
        used: null,
      }),
    ),
  ]),
);

export function openStore(folder: string, log: Log, owner: Owner = ownerHere()): StorePort {
  const settingsFile = join(folder, 'settings.json');
  const wanted = openOwnedList<Wanted>(folder, 'wanted', z.array(wantedSchema), owner);
  const trustFile = join(folder, 'trusted-exec-plugins.json');
  const recordsFile = join(folder, 'contexts.json');

  /** Writes of one file happen in the order they were asked for. */
  let writing: Promise<unknown> = Promise.resolve();
  const inOrder = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const done = writing.then(work, work);
    writing = done.catch(() => undefined);
    return done;
  };
  const save = (file: string, value: unknown) => saveBy(file, () => writeKept(file, value));
  const saveBy = (file: string, write: () => Promise<void>): Promise<Result<null>> =>
    inOrder(async () => {
      try {
        await write();
        return success(null);
      } catch (error) {
        return failure(problem('internal', cause('unwritable', { file, reason: messageOf(error) }), { file }));
      }
    });
  /** Lists that nobody waits for: a broken file is kept aside and told in the log. */
  const list = <Value>(file: string, schema: z.ZodType<Value[]>) => listBy(file, () => readKept(file, schema));
  const listBy = <Value>(file: string, read: () => Promise<Kept<Value[]>>): Promise<Value[]> =>
    inOrder(async () => {
      try {
        const kept = await read();
        if (kept.kind === 'broken') {
          log.warning('a file was broken and is kept aside', { file, because: kept.because, keptAs: kept.keptAs });
        }
        return kept.kind === 'value' ? kept.value : [];
      } catch (error) {
        log.warning('a file could not be read', { file, because: messageOf(error) });
        return [];
      }
    });

  return {
    settings: () =>
      inOrder(async () => {
        try {
          const kept = await readKept<Settings>(settingsFile, storedSettings);
          if (kept.kind === 'broken') {
            const cause = `${settingsFile} was broken (${kept.because}); it is kept as ${kept.keptAs}, and the defaults are in force`;
            return failure(problem('internal', cause, { file: settingsFile, keptAs: kept.keptAs }));
          }
          return success(kept.kind === 'value' ? kept.value : structuredClone(defaultSettings));
        } catch (error) {
          return failure(problem('internal', `${settingsFile}: ${messageOf(error)}`, { file: settingsFile }));
        }
      }),
    saveSettings: (settings) => save(settingsFile, settings),
    wanted: () => listBy('wanted', wanted.read),
    saveWanted: (values) => saveBy('wanted', () => wanted.write(values)),
    trustedExecPlugins: () => list<string>(trustFile, z.array(z.string())),
    trustExecPlugin: async (digest) => {
      const trusted = await list<string>(trustFile, z.array(z.string()));
      return trusted.includes(digest) ? success(null) : save(trustFile, [...trusted, digest]);
    },
    contextRecords: () => list<ContextRecord>(recordsFile, contextRecords),
    saveContextRecords: (records) => save(recordsFile, records),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
