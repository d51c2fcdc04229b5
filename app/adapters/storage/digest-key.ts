/**
 * Digests of what may be a secret are keyed (HMAC, RFC 2104) by a key of this installation: a plain one lets whoever sees it,
 * in a list of contexts, a report or a record, try words until one fits. The key leaves the config folder in no form.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ContextPart } from '../../contract/index.ts';
import type { Confirmation, Log } from '../../core/ports.ts';
import { readKept, writeKept } from './kept-file.ts';

/** Makes a plain digest (`sha256:…`) a keyed one; one that is keyed, or none, stays as it is. */
export type KeyDigest = (digest: string) => string;

function keyedBy(key: string): KeyDigest {
  return (digest) =>
    digest.startsWith('sha256:') ? `hmac-sha256:${createHmac('sha256', key).update(digest).digest('hex')}` : digest;
}

/** The key is read, or made, at first use. Where it cannot be kept, what was confirmed is asked about again by the next core. */
export function openDigestKey(folder: string, log: Log): () => Promise<KeyDigest> {
  let keyed: Promise<KeyDigest> | null = null;
  return () => {
    keyed ??= keptKey(join(folder, 'digest-key.json')).then(keyedBy, (error: unknown) => {
      log.warning('the key of digests could not be kept', { error });
      return keyedBy(newKey());
    });
    return keyed;
  };
}

const keySchema = z.string().regex(/^[\w-]{43}$/);
const newKey = () => randomBytes(32).toString('base64url');

async function keptKey(file: string): Promise<string> {
  const kept = await readKept(file, keySchema);
  if (kept.kind === 'value') {
    return kept.value;
  }
  // Two cores of one home may make it at once: the first one's counts.
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const made = newKey();
  await writeKept(draft, made);
  try {
    await link(draft, file);
    return made;
  } catch {
    const other = await readKept(file, keySchema);
    if (other.kind !== 'value') {
      throw new Error(`${file} cannot be read`);
    }
    return other.value;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Parts whose digest stands for what is not shown: of a certificate authority all is public. */
const isHidden = ({ part }: Pick<ContextPart, 'part'>) => part !== 'certificate-authority';

/** The parts as they may be shown and kept. */
export function withKeyedDigests(parts: readonly ContextPart[], key: KeyDigest): ContextPart[] {
  return parts.map((part) => (isHidden(part) ? { ...part, digest: key(part.digest) } : part));
}

/** What an earlier version confirmed with plain digests; `digestOf` makes the one of all parts. */
export function rekeyed<Kept extends Confirmation>(
  kept: Kept,
  key: KeyDigest,
  digestOf: (parts: readonly ContextPart[]) => string,
): Kept {
  if (kept.parts === null || kept.digest !== digestOf(kept.parts)) {
    return kept;
  }
  const parts = withKeyedDigests(kept.parts, key);
  return { ...kept, parts, digest: digestOf(parts) };
}
