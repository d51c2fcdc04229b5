/** Why the helper refuses a range: its policy, its wire description and the core's words know the same reasons. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decideRoutes } from '../../app/core/routing/plan.ts';
import { ManualClock } from '../../app/fakes/manual-clock.ts';
import { networkScenarios } from '../../app/fakes/network-scenarios.ts';
import { createWorld } from '../../app/fakes/world.ts';

/** Which names a cluster may answer for. */
const domains = readFileSync(join(import.meta.dirname, '../../native/internal/domains/policy.go'), 'utf8');
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

  const decided = (reason: string) => {
    const range = { prefix: '10.0.0.0/16', kind: 'pods', origin: 'pod specs' } as const;
    return decideRoutes({ wanted: [range], left: [] } as never, [
      { prefix: range.prefix, decision: 'refused', reason },
    ]);
  };

  it.each(reasons.filter((reason) => reason !== 'own-way'))('%s has words', (reason) => {
    expect(decided(reason).fatal?.cause).not.toContain('another network');
  });

  it('own-way is none', () => {
    expect(decided('own-way')).toMatchObject({ fatal: null, problems: [], routes: [{ decision: 'excluded' }] });
  });
});

/** Which the window shows in a picture that is looked at. */
describe('reasons of ranges and names', () => {
  const world = createWorld(new ManualClock());
  networkScenarios['every-reason'](world);
  const words = JSON.parse(readFileSync(join(import.meta.dirname, '../../renderer/words/en/routes.json'), 'utf8'));
  const ofNames = [...domains.matchAll(/^\s*Reason\w+\s*=\s*"([^"]+)"/gm)].map(([, reason]) => reason ?? '');

  it('are all in the scene', () => {
    expect(Object.values(world.host.refusals)).toEqual(expect.arrayContaining(reasons));
    expect(world.host.nameRefusals.map(({ reason }) => reason)).toEqual(expect.arrayContaining(ofNames));
    expect(ofNames.length).toBeGreaterThan(5);
  });

  it.each([
    ...[...reasons, 'rule', 'user', 'own-node'].map((reason) => `routes.reason.${reason}`),
    ...ofNames.map((reason) => `routes.nameReason.${reason}`),
  ])('%s is a word', (word) => {
    expect(Object.keys(words)).toContain(word);
  });
});
