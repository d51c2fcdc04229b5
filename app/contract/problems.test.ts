import { expect, test } from 'vitest';
import { problem, withFacts } from './problems.ts';

test('facts that are known later fill what the texts left open, and change nothing else', () => {
  const made = { ...problem('forbidden', 'denied', { verb: 'get', resource: 'jobs' }, 'kind: Role') };
  const warning = { ...made, severity: 'warning' as const };
  expect(withFacts(warning, { context: 'production' })).toEqual({
    ...warning,
    facts: { ...warning.facts, context: 'production' },
  });
  const image = withFacts(problem('agent-no-shell', 'no sh', { image: 'a:1' }), {
    context: 'production',
    image: 'b:2',
  });
  expect(image.title).toBe('The base image a:1 has no shell');
  expect(image.fixes.at(-1)?.text).toBe('slipway connect production --base-image IMAGE');
  const unknown = { ...made, code: 'of-a-later-version' };
  expect(withFacts(unknown, { context: 'production' })).toBe(unknown);
});
