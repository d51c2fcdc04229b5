import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { buildProgress, compiledIn, versionStamp } from './go-builds.ts';

it('Kubernetes calls itself by the version that go.mod pins', () => {
  const stamp = versionStamp(readFileSync(path.join(import.meta.dirname, 'kubernetes/go.mod'), 'utf8'));
  expect(stamp).toMatch(/-X k8s\.io\/component-base\/version\.gitVersion=v1\.\d+\.\d+ /);
  expect(() => versionStamp('module nothing')).toThrow('no version');
});

it('packages are counted among what go build says', () => {
  expect(compiledIn('go: downloading k8s.io/api v0.34.1\n# some/cgo\ninternal/abi\nk8s.io/api/core/v1\n')).toBe(2);
});

it.each([
  ['nothing to compile', 0, 0, 0, ''],
  ['too early to tell', 40, 3018, 10, ': 40 of 3018 packages'],
  ['minutes', 1000, 3000, 120, ': 1000 of 3000 packages, about 4 min left'],
  ['seconds', 2900, 3000, 300, ': 2900 of 3000 packages, about 20 s left'],
  ['more than were counted', 3100, 3000, 400, ': 3000 of 3000 packages'],
])('what remains: %s', (_, done, total, seconds, text) => {
  expect(buildProgress(done, total, seconds)).toBe(text);
});
