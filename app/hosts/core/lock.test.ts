import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockHolder, takeLock } from './lock.ts';

describe('the lock of the core', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-lock-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is held by one at a time and free again after its release', () => {
    const path = join(folder, 'core.lock');
    const release = takeLock(path);
    expect(release).not.toBeNull();
    expect(takeLock(path)).toBeNull();
    release?.();
    expect(takeLock(path)).not.toBeNull();
  });

  it('tells who holds it, and nobody where that one is gone', () => {
    const path = join(folder, 'core.lock');
    expect(lockHolder(path)).toBeNull();
    const release = takeLock(path);
    expect(lockHolder(path)).toBe(process.pid);
    release?.();
    writeFileSync(path, `${process.ppid} 1\n`); // the process id belongs to another process now
    expect(lockHolder(path)).toBeNull();
  });

  it('is taken over from a process that is gone', async () => {
    const path = join(folder, 'core.lock');
    const child = spawn(process.execPath, ['-e', '']);
    const processId = child.pid;
    await new Promise((resolve) => child.once('close', resolve));
    writeFileSync(path, `${processId} 12345\n`);
    expect(takeLock(path)).not.toBeNull();
  });

  it('is taken over where the process id now belongs to another process', () => {
    const path = join(folder, 'core.lock');
    writeFileSync(path, `${process.ppid} 1\n`);
    expect(takeLock(path)).not.toBeNull();
  });

  it('is taken over from a file that says nothing', () => {
    const path = join(folder, 'core.lock');
    writeFileSync(path, '');
    expect(takeLock(path)).not.toBeNull();
  });
});
