/** What is remembered of contexts: what was confirmed of each, and when it was last switched on. Pure. */
import { type Context, changesBetween } from '../../contract/index.ts';
import type { ContextRecord, Seen } from '../ports.ts';

/** So many contexts are remembered; the longest unused are forgotten first. */
const mostRecords = 2000;

/** The contexts with what is remembered of them. One that changed since it was confirmed no longer is, and says how. */
export function withRecords(contexts: readonly Context[], records: readonly ContextRecord[]): Context[] {
  return contexts.map((context) => {
    const record = recordOf(records, context);
    const before = record?.confirmed ?? null;
    const isUsable = context.digest !== '';
    const confirmed = isUsable && before !== null && before.parts !== null && before.digest === context.digest;
    const isComparable = isUsable && !confirmed && before !== null;
    return {
      ...context,
      confirmed,
      changes: isComparable && before.parts !== null ? changesBetween(before.parts, context.parts) : [],
      confirmedEarlier: isComparable && before.parts === null,
      lastUsedAt: record?.lastUsedAt ?? null,
    };
  });
}

/** What a context says now, to be remembered. */
export function seen({ digest, parts }: Context): Seen {
  return { digest, parts };
}

/** Whether a name leads to another cluster than it did when it was confirmed or used last: another server, or other authorities. */
export function isAnotherCluster(records: readonly ContextRecord[], context: Context): boolean {
  const record = recordOf(records, context);
  const before = record?.confirmed ?? record?.used ?? null;
  if (before === null || before.digest === context.digest) {
    return false;
  }
  const changes = before.parts === null ? null : changesBetween(before.parts, context.parts);
  return (
    changes?.some(({ before: was, now }) => ['server', 'certificate-authority'].includes((now ?? was)?.part ?? '')) ??
    true
  );
}

/** The records once this was confirmed: what it was switched on with before binds it no longer. */
export function confirm(records: readonly ContextRecord[], context: Context): ContextRecord[] {
  const used = recordOf(records, context)?.used ? seen(context) : null;
  return remember(records, context, { confirmed: seen(context), used });
}

/** The records with a change of the one of this context. */
export function remember(
  records: readonly ContextRecord[],
  { name: context, file }: Pick<Context, 'name' | 'file'>,
  change: Partial<Pick<ContextRecord, 'confirmed' | 'used' | 'caller' | 'lastUsedAt'>>,
): ContextRecord[] {
  const known = recordOf(records, { name: context, file });
  const others = records.filter((record) => record !== known);
  const record = { context, file, confirmed: null, used: null, lastUsedAt: null, ...known, ...change };
  return [record, ...others]
    .toSorted((first, second) => (second.lastUsedAt ?? 0) - (first.lastUsedAt ?? 0))
    .slice(0, mostRecords);
}

export function recordOf(
  records: readonly ContextRecord[],
  { name, file }: Pick<Context, 'name' | 'file'>,
): ContextRecord | null {
  return records.find((record) => record.context === name && record.file === file) ?? null;
}
