/**
 * By which an agent knows that an engine's session comes in place of an earlier one of the same core, whose engine was killed.
 * Each API server is told another one (HMAC, RFC 2104): what sees one cluster's ends nothing in another.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Log } from '../../core/ports.ts';
import { openOwnedList } from './owned-list.ts';
import type { Owner } from './owner.ts';

const secretSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** Tells the secret for an API server: 32 bytes in hexadecimal. It never fails: what cannot be kept lasts as long as the core. */
export function openOwnerSecret(folder: string, log: Log, owner?: Owner): (server: string) => Promise<string> {
  const list = openOwnedList(folder, 'owner-secret', z.array(secretSchema), owner);
  let kept: Promise<string> | null = null;

  /** The first is this core's; others were those of cores of an earlier start of the computer. */
  async function keptSecret(): Promise<string> {
    const made = randomBytes(32).toString('hex');
    try {
      const before = await list.read();
      const [first] = before.kind === 'value' ? before.value : [];
      if (first !== undefined) {
        return first;
      }
      await list.write([made]);
    } catch (error) {
      log.warning('what tells engines of this core from others could not be kept', { error });
    }
    return made;
  }

  return async (server) => {
    kept ??= keptSecret();
    return createHmac('sha256', await kept)
      .update(server)
      .digest('hex');
  };
}
