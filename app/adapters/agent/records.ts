/**
 * Remembers which agents this user's core made, by the Job's uid, so that after a crash they are used again or
 * deleted. Only what stands here is ever reused: labels of a pod could be anybody's.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Log } from '../../core/ports.ts';
import { readKept, writeKept } from '../storage/kept-file.ts';

const recordSchema = z.object({
  server: z.string(),
  namespace: z.string(),
  job: z.string(),
  uid: z.string(),
  pod: z.string(), // empty while it is being placed
  image: z.string(),
  delivery: z.enum(['image', 'sent']),
  build: z.string(),
  madeAt: z.number(),
});
export type AgentRecord = z.infer<typeof recordSchema>;

/** A Job that nobody renewed is gone after this long, whatever happened. Milliseconds. */
const longestLife = 24 * 3_600_000;

export interface AgentRecords {
  all(server: string): Promise<AgentRecord[]>;
  keep(record: AgentRecord): Promise<void>;
  forget(uid: string): Promise<void>;
}

export function openAgentRecords(folder: string, log: Log): AgentRecords {
  const file = join(folder, 'agents.json');
  let last: Promise<unknown> = Promise.resolve();
  const read = async (): Promise<AgentRecord[]> => {
    try {
      const kept = await readKept(file, z.array(recordSchema));
      return kept.kind === 'value' ? kept.value.filter((record) => record.madeAt > Date.now() - longestLife) : [];
    } catch {
      return [];
    }
  };
  const change = (edit: (records: AgentRecord[]) => AgentRecord[]): Promise<void> => {
    const done = last.then(async () => {
      try {
        await writeKept(file, edit(await read()));
      } catch (error) {
        // Without it the agent ends by itself, ten minutes later.
        log.warning('the record of an agent could not be written', { error });
      }
    });
    last = done;
    return done;
  };
  return {
    all: async (server) => {
      await last;
      return (await read()).filter((record) => record.server === server);
    },
    keep: (record) => change((records) => [...records.filter((item) => item.uid !== record.uid), record]),
    forget: (uid) => change((records) => records.filter((item) => item.uid !== uid)),
  };
}
