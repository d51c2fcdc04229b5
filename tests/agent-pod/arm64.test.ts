/** The agent for arm64 really starts, listens and answers a hello: Debian's qemu-user runs it on another processor. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuildCache } from '../../sandbox/build-cache.ts';
import { unpackPackages } from '../../sandbox/debian-packages.ts';
import { cacheFolder } from '../../sandbox/options.ts';
import { ensureNative } from '../../scripts/tools.mjs';

const native = join(import.meta.dirname, '../../native/bin');
const agent = join(native, 'slipway-agent-arm64');
const emulator = {
  name: 'packages-qemu-user',
  packages: ['qemu-user'],
  tools: { 'qemu-aarch64': 'usr/bin/qemu-aarch64' },
};
const canRun = process.platform === 'linux' && process.arch === 'x64';

describe.skipIf(!canRun)('the agent for arm64', () => {
  let qemu = '';
  let running: ChildProcess | undefined;
  beforeAll(async () => {
    await ensureNative(() => {});
    qemu = join(await unpackPackages(new BuildCache(cacheFolder()), emulator, () => {}), 'bin/qemu-aarch64');
  }, 600_000);
  afterAll(() => void running?.kill('SIGKILL'));

  it('is of this build', async () => {
    const { stdout } = await promisify(execFile)(qemu, [agent, '--version']);
    expect(stdout.trim()).toBe(readFileSync(join(native, 'build'), 'utf8').trim());
  }, 60_000);

  it('listens, refuses what is no opening, and ends when it is told to', async () => {
    const port = 20_000 + (process.pid % 20_000);
    running = spawn(qemu, [agent, `--port=${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    const listens = new Promise<void>((resolve, reject) => {
      running?.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('msg=listening')) {
          resolve();
        }
      });
      running?.once('exit', () => reject(new Error(said)));
    });
    await listens;
    expect(await answerTo(port, Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe('closed');
    const exit = new Promise((resolve) => running?.once('exit', (code) => resolve(code)));
    running.kill('SIGTERM');
    expect(await exit).toBe(0);
  }, 60_000);
});

/** What the agent does with the first bytes of a stream: closes it, or answers. */
function answerTo(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.once('data', (chunk) => resolve(chunk.toString('latin1')));
    socket.once('close', () => resolve('closed'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve('closed') : reject(error),
    );
    socket.setTimeout(20_000, () => reject(new Error('silence')));
  });
}
