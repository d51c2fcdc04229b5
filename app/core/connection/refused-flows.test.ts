import { describe, expect, test } from 'vitest';
import { noRefusalsSeen, takeRefusals } from './refused-flows.ts';
import { noWarnings } from './state.ts';

const nothing = { memory: 0, descriptors: 0, ports: 0, unanswered: 0 };

describe('What the agent refused', () => {
  test.each([
    ['memory', 'agent-full', "412 connections refused: the agent's memory budget is used up"],
    [
      'descriptors',
      'agent-full',
      '412 connections refused: the agent may open no further sockets (its limit of open files)',
    ],
    ['ports', 'agent-full', "412 connections refused: the agent's pod has no free port left for their destination"],
    [
      'unanswered',
      'destination-silent',
      '412 connections refused: too many wait for the same address, which does not answer',
    ],
  ] as const)('is told with its count: %s', (of, code, cause) => {
    const { warnings } = takeRefusals(noRefusalsSeen, noWarnings, { ...nothing, [of]: 412 }, 1000);
    expect(warnings.limits).toMatchObject([{ code, severity: 'warning', cause, facts: { reason: of } }]);
  });

  test('is told no longer when nothing was refused for a minute, and then only anew', () => {
    const first = takeRefusals(noRefusalsSeen, noWarnings, { ...nothing, memory: 3, ports: 1 }, 1000);
    const still = takeRefusals(first.seen, first.warnings, { ...nothing, memory: 5, ports: 1 }, 50_000);
    expect(still.warnings.limits.map(({ facts }) => facts.reason)).toEqual(['memory', 'ports']);
    const later = takeRefusals(still.seen, still.warnings, { ...nothing, memory: 5, ports: 1 }, 70_000);
    expect(later.warnings.limits.map(({ cause }) => cause)).toEqual([
      "5 connections refused: the agent's memory budget is used up",
    ]);
    const quiet = takeRefusals(later.seen, later.warnings, { ...nothing, memory: 5, ports: 1 }, 200_000);
    expect(quiet.warnings.limits).toEqual([]);
  });

  test('changes no state where nothing changed', () => {
    const first = takeRefusals(noRefusalsSeen, noWarnings, { ...nothing, memory: 3 }, 1000);
    expect(takeRefusals(first.seen, first.warnings, { ...nothing, memory: 3 }, 2000).warnings).toBe(first.warnings);
    expect(takeRefusals(noRefusalsSeen, noWarnings, nothing, 1000).warnings).toBe(noWarnings);
  });
});
