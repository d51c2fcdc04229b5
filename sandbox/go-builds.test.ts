import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { versionStamp } from './go-builds.ts';

it('Kubernetes calls itself by the version that go.mod pins', () => {
  const stamp = versionStamp(readFileSync(path.join(import.meta.dirname, 'kubernetes/go.mod'), 'utf8'));
  expect(stamp).toMatch(/-X k8s\.io\/component-base\/version\.gitVersion=v1\.\d+\.\d+ /);
  expect(() => versionStamp('module nothing')).toThrow('no version');
});
