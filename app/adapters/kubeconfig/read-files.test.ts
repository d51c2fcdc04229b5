import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBounded, readKubeconfig } from './read-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (text: string, size?: number) => {
  const path = join(folder, 'config');
  writeFileSync(path, text);
  if (size !== undefined) {
    truncateSync(path, size);
  }
  return path;
};

describe('a file that a kubeconfig names', () => {
  it('is read whole up to the bound, and not beyond', async () => {
    expect(await readBounded(file('abcd'), 4)).toBe('abcd');
    await expect(readBounded(file('abcde'), 4)).rejects.toThrow('larger');
  });

  it('that is huge is a problem with its name', async () => {
    const path = file('', 9 << 20);
    expect(await readKubeconfig(path)).toMatchObject({
      kind: 'broken',
      problem: { code: 'kubeconfig-unreadable', facts: { file: path } },
    });
  });

  it.runIf(process.platform === 'linux')('that tells no size is read up to the bound all the same', async () => {
    expect(await readBounded('/proc/self/status')).toContain('VmRSS');
    await expect(readBounded('/proc/self/status', 100)).rejects.toThrow('larger');
  });

  it.runIf(process.platform !== 'win32')('that is a pipe or a device is not waited for', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(readBounded(pipe)).rejects.toThrow('not a regular file');
    await expect(readBounded('/dev/zero')).rejects.toThrow('not a regular file');
  });
});
