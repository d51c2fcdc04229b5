import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
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
    const lock = takeLock(path);
    expect(lock).not.toBeNull();
    expect(takeLock(path)).toBeNull();
    lock?.release();
    expect(takeLock(path)).not.toBeNull();
  });

  it('tells who holds it, and nobody where that one is gone', () => {
    const path = join(folder, 'core.lock');
    expect(lockHolder(path)).toBeNull();
    const lock = takeLock(path);
    expect(lockHolder(path)).toBe(process.pid);
    lock?.release();
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

  it('counts while it is touched where its holder is of another process-id namespace, and not longer', () => {
    const path = join(folder, 'core.lock');
    writeFileSync(path, `${process.pid} 1 4026530000\n`);
    expect(takeLock(path)).toBeNull();
    expect(lockHolder(path)).toBeNull(); // no id that could be named here
    utimesSync(path, 0, 0);
    expect(takeLock(path)).not.toBeNull();
  });

  it('is taken anew where somebody deleted it, unless another process was faster', () => {
    const path = join(folder, 'core.lock');
    const lock = takeLock(path);
    unlinkSync(path);
    expect(lock?.keep()).toBe(true);
    expect(lockHolder(path)).toBe(process.pid);
    writeFileSync(path, `${process.pid} 1 4026530000\n`);
    expect(lock?.keep()).toBe(false);
  });

  it('is taken over from a file that says nothing', () => {
    const path = join(folder, 'core.lock');
    writeFileSync(path, '');
    expect(takeLock(path)).not.toBeNull();
  });
});
