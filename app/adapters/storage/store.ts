/** Settings, what the user wants and which credential plugins may run, each a JSON file of the config folder. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
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
import { contextDigestOf } from '../kubeconfig/context-parts.ts';
import { type KeyDigest, openDigestKey, rekeyed } from './digest-key.ts';
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

interface StoreOptions {
  readonly owner?: Owner;
  readonly digestKey?: () => Promise<KeyDigest>;
}

export function openStore(
  folder: string,
  log: Log,
  { owner = ownerHere(), digestKey = openDigestKey(folder, log) }: StoreOptions = {},
): StorePort {
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
        return failure(problem('file-unwritable', cause('unwritable', { file, reason: messageOf(error) }), { file }));
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

  const saveUnlessSame = async <Value>(file: string, kept: Value[], now: Value[]): Promise<Value[]> => {
    if (!isDeepStrictEqual(kept, now)) {
      await save(file, now); // plain digests of an earlier version are not left lying there
    }
    return now;
  };
  const trustedPlugins = async () => {
    const key = await digestKey();
    const kept = await list<string>(trustFile, z.array(z.string()));
    return saveUnlessSame(trustFile, kept, kept.map(key));
  };

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
    trustedExecPlugins: trustedPlugins,
    trustExecPlugin: async (digest) => {
      const trusted = await trustedPlugins();
      return trusted.includes(digest) ? success(null) : save(trustFile, [...trusted, digest]);
    },
    contextRecords: async () => {
      const key = await digestKey();
      const kept = await list<ContextRecord>(recordsFile, contextRecords);
      const now = kept.map((record) => ({
        ...record,
        confirmed: record.confirmed === null ? null : rekeyed(record.confirmed, key, contextDigestOf),
        used: record.used === null ? null : rekeyed(record.used, key, contextDigestOf),
      }));
      return saveUnlessSame(recordsFile, kept, now);
    },
    saveContextRecords: (records) => save(recordsFile, records),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
