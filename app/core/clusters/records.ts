/** What is remembered of contexts: which were confirmed, and when they were last switched on. Pure. */
import type { Context } from '../../contract/index.ts';
import type { ContextRecord } from '../ports.ts';

/** So many contexts are remembered; the longest unused are forgotten first. */
const mostRecords = 2000;

/** The contexts with what is remembered of them. One that changed since it was confirmed no longer is. */
export function withRecords(contexts: readonly Context[], records: readonly ContextRecord[]): Context[] {
  return contexts.map((context) => {
    const record = records.find((candidate) => isOf(candidate, context.name, context.file));
    const confirmed = record !== undefined && context.digest !== '' && record.digest === context.digest;
    return { ...context, confirmed, lastUsedAt: record?.lastUsedAt ?? null };
  });
}

/** The records with a change of the one of this context. */
export function remember(
  records: readonly ContextRecord[],
  context: string,
  file: string,
  change: Partial<Pick<ContextRecord, 'digest' | 'lastUsedAt'>>,
): ContextRecord[] {
  const known = records.find((record) => isOf(record, context, file));
  const others = records.filter((record) => record !== known);
  const record = { context, file, digest: '', lastUsedAt: null, ...known, ...change };
  return [record, ...others]
    .toSorted((first, second) => (second.lastUsedAt ?? 0) - (first.lastUsedAt ?? 0))
    .slice(0, mostRecords);
}

function isOf(record: ContextRecord, context: string, file: string): boolean {
  return record.context === context && record.file === file;
}
