/**
 * Remembers which agents this core made, by the Job's uid, so that after a crash they are used again or deleted. Only what
 * stands here is ever reused: labels of a pod could be anybody's, and what another core of the same home made is in use.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type AgentPodChoices, agentPodOf } from '../../contract/index.ts';
import type { Log } from '../../core/ports.ts';
import { readKept, writeKept } from '../storage/kept-file.ts';
import { openOwnedList } from '../storage/owned-list.ts';
import { type Owner, ownerHere } from '../storage/owner.ts';
import { openOwnerSecret } from '../storage/owner-secret.ts';

const recordSchema = z.object({
  server: z.string(),
  namespace: z.string(),
  job: z.string(),
  uid: z.string(),
  pod: z.string(), // empty while it is being placed
  image: z.string(),
  delivery: z.enum(['image', 'sent']),
  build: z.string(),
  choices: z.string().default(''), // digest of what the user added to the pod
  /** A Service was asked for, for the direct path: it is there, or may be. */
  service: z.boolean().optional(),
  madeAt: z.number(),
});
export type AgentRecord = z.infer<typeof recordSchema>;

/** A Job that nobody renewed is gone after this long, whatever happened. Milliseconds. */
const longestLife = 24 * 3_600_000;

export interface AgentRecords {
  /**
   * What this user's agents are called on this laptop, always the same: a Role can be bound to it (RBAC's resourceNames
   * know no prefixes).
   */
  jobName(): Promise<string>;
  /** By which the agents of an API server know the engines of this core: 32 bytes in hexadecimal. */
  ownerSecret(server: string): Promise<string>;
  all(server: string): Promise<AgentRecord[]>;
  /** Of every API server. */
  everywhere(): Promise<AgentRecord[]>;
  /** Agents that a connection of this core has, by the Job's uid: two contexts may lead to one cluster. */
  readonly inUse: Set<string>;
  keep(record: AgentRecord): Promise<void>;
  forget(uid: string): Promise<void>;
}

export function openAgentRecords(folder: string, log: Log, owner: Owner = ownerHere()): AgentRecords {
  const list = openOwnedList(folder, 'agents', z.array(recordSchema), owner);
  let name: Promise<string> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const read = async (): Promise<AgentRecord[]> => {
    try {
      const kept = await list.read();
      return kept.kind === 'value' ? kept.value.filter((record) => record.madeAt > Date.now() - longestLife) : [];
    } catch {
      return [];
    }
  };
  const change = (edit: (records: AgentRecord[]) => AgentRecord[]): Promise<void> => {
    const done = last.then(async () => {
      try {
        await list.write(edit(await read()));
      } catch (error) {
        // Without it the agent ends by itself, ten minutes later.
        log.warning('the record of an agent could not be written', { error });
      }
    });
    last = done;
    return done;
  };
  return {
    jobName: () => {
      name ??= keptName(folder, owner);
      return name;
    },
    ownerSecret: openOwnerSecret(folder, log, owner),
    inUse: new Set(),
    all: async (server) => {
      await last;
      return (await read()).filter((record) => record.server === server);
    },
    everywhere: async () => {
      await last;
      return read();
    },
    keep: (record) => change((records) => [...records.filter((item) => item.uid !== record.uid), record]),
    forget: (uid) => change((records) => records.filter((item) => item.uid !== uid)),
  };
}

/**
 * A name of no meaning, made at first, for each computer that shares the folder. Where it cannot be kept, the next core has
 * another.
 */
async function keptName(folder: string, { machine }: Owner): Promise<string> {
  const schema = z.string().regex(/^slipway-agent-[0-9a-f]{10}$/);
  const ofAll = join(folder, 'agent-name.json');
  const file = machine === '' ? ofAll : join(folder, `agent-name.${machine}.json`);
  try {
    if (file !== ofAll && !existsSync(file)) {
      await rename(ofAll, file).catch(() => undefined); // of an earlier version: the first computer keeps it
    }
    const kept = await readKept(file, schema);
    if (kept.kind === 'value') {
      return kept.value;
    }
  } catch {
    // Made anew below.
  }
  const made = agentName();
  await writeKept(file, made).catch(() => undefined);
  return made;
}

/** A name that no other agent has. */
export function agentName(): string {
  return `slipway-agent-${randomBytes(5).toString('hex')}`;
}

/** Which choices a pod was made with. */
export function digestOf(choices: AgentPodChoices): string {
  return createHash('sha256')
    .update(JSON.stringify(agentPodOf(choices)))
    .digest('hex')
    .slice(0, 16);
}
