/** Why the helper refuses a range: its policy, its wire description and the core's words know the same reasons. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decideRoutes } from '../../app/core/routing/plan.ts';

const native = join(import.meta.dirname, '../../native/internal');
const policy = readFileSync(join(native, 'hostnet/routes/policy.go'), 'utf8');
const reasons = [...policy.matchAll(/^\s*Reason\w+\s*=\s*"([^"]+)"/gm)].map(([, reason]) => reason ?? '');
const described = /otherwise one of:([^.]*)\./.exec(readFileSync(join(native, 'wire/helper.go'), 'utf8'))?.[1] ?? '';

describe('reasons of a refusal', () => {
  it('are described on the link', () => {
    expect(
      described
        .replace(/\/\//g, '')
        .split(',')
        .map((reason) => reason.trim()),
    ).toEqual(reasons);
  });

  it.each(reasons)('%s has words', (reason) => {
    const range = { prefix: '10.0.0.0/16', kind: 'pods', origin: 'pod specs' } as const;
    const decided = decideRoutes({ wanted: [range], left: [] } as never, [
      { prefix: range.prefix, decision: 'refused', reason },
    ]);
    expect(decided.fatal?.cause).not.toContain('another network');
  });
});
