/**
 * What a context is made of: everything that decides where a connection leads, as whom, and which program runs for it.
 * These parts are what a first use confirms, what the digest of a context is taken of, and what two sides of a change
 * are compared by. Credentials that are renewed are no part of it.
 */

import { z } from 'zod';
import { cause } from './causes.ts';
import { type Problem, problem } from './problems.ts';

export const contextPartSchema = z.object({
  part: z.enum([
    'server',
    'tls-server-name',
    'certificate-authority',
    'insecure',
    'proxy',
    'user',
    'authentication',
    'credential-file',
    'impersonation',
    'plugin',
    'plugin-version',
    'environment',
    'cluster-info',
  ]),
  /** Which of several: a variable, what a file is for; empty where there is one only. */
  name: z.string(),
  /** As a person reads it, without what may be a secret: that counts in `digest`. */
  value: z.string(),
  /**
   * Of the content where `value` does not say all of it, else empty: SHA-256 of what is public, and for all else
   * HMAC-SHA-256 by a key of the installation, so that it tells a change and lets nobody guess.
   */
  digest: z.string(),
});
export type ContextPart = z.infer<typeof contextPartSchema>;

/** Null: that side has no such part. */
export const contextChangeSchema = z.object({
  before: contextPartSchema.nullable(),
  now: contextPartSchema.nullable(),
});
export type ContextChange = z.infer<typeof contextChangeSchema>;

/** What differs, in the order of `now`, then what is gone. */
export function changesBetween(before: readonly ContextPart[], now: readonly ContextPart[]): ContextChange[] {
  const isSame = (one: ContextPart, other: ContextPart) => one.part === other.part && one.name === other.name;
  const changed = now.flatMap((part): ContextChange[] => {
    const earlier = before.find((candidate) => isSame(candidate, part)) ?? null;
    const isUnchanged = earlier?.value === part.value && earlier.digest === part.digest;
    return isUnchanged ? [] : [{ before: earlier, now: part }];
  });
  const gone = before.filter((part) => !now.some((candidate) => isSame(candidate, part)));
  return [...changed, ...gone.map((part) => ({ before: part, now: null }))];
}

/** Both sides of a change, each as a text; where only what is hidden differs they are the same. */
export function sidesOf({ before, now }: ContextChange): { readonly before: string; readonly now: string } {
  const side = (part: ContextPart | null) => (part === null ? '–' : part.value || '***');
  return { before: side(before), now: side(now) };
}

/** Both sides of each part that differs, one a line that begins with a line break. */
export function changeLines(before: readonly ContextPart[], now: readonly ContextPart[]): string {
  return changesBetween(before, now)
    .map((change) => {
      const { part, name } = change.now ?? change.before ?? { part: '', name: '' };
      const sides = sidesOf(change);
      const hidden = sides.before === sides.now ? ' (a different one)' : '';
      return `\n  ${part}${name === '' ? '' : ` ${name}`}: ${sides.before} → ${sides.now}${hidden}`;
    })
    .join('');
}

/** The problem of a context that is not what was confirmed: both sides of each part, one a line. */
export function contextChanged(
  context: string,
  file: string,
  before: readonly ContextPart[],
  now: readonly ContextPart[],
): Problem {
  const changes = changeLines(before, now);
  return problem('context-changed', cause('notConfirmedNow', { file, changes }), { context, file });
}

/** A command line as one would type it: words that a shell would take apart are quoted. */
export function commandLineOf({
  command,
  arguments: given,
}: {
  command: string;
  arguments: readonly string[];
}): string {
  return [command, ...given]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
