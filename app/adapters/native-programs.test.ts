import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nativePrograms } from './native-programs.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-programs-'));
  mkdirSync(join(folder, 'native/bin'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a package runs its own programs, whatever the environment says', () => {
  const own = join(folder, 'native/bin');
  writeFileSync(join(own, 'build'), '1.2\n');
  expect(nativePrograms({ SLIPWAY_NATIVE_DIR: '/home/jane/evil' }, own)).toEqual({
    engine: join(own, 'slipway-engine'),
    helper: join(own, 'slipway-helper'),
    agents: {
      amd64: join(own, process.arch === 'arm64' ? 'slipway-agent-amd64' : 'slipway-agent'),
      arm64: join(own, process.arch === 'arm64' ? 'slipway-agent' : 'slipway-agent-arm64'),
    },
    build: '1.2',
    clone: null,
  });
});

it('a clone, which has the sources, runs those that it is told to', () => {
  const own = join(folder, 'native/bin');
  writeFileSync(join(folder, 'native/go.mod'), '');
  expect(nativePrograms({ SLIPWAY_NATIVE_DIR: '/other' }, own)).toMatchObject({
    helper: '/other/slipway-helper',
    clone: own,
  });
  expect(nativePrograms({}, own)).toMatchObject({ helper: join(own, 'slipway-helper'), clone: own });
});
