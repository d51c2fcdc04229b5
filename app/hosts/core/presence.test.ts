import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { livingCore } from './living-core.ts';
import { type Presence, takePlace } from './presence.ts';

describe('the place of a core', () => {
  let root = '';
  let folder = '';
  const taken: Presence[] = [];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'slipway-place-'));
    folder = join(root, 'run');
    mkdirSync(folder, { mode: 0o700 });
  });
  afterEach(() => {
    for (const presence of taken.splice(0)) {
      presence.close();
      presence.end();
    }
    rmSync(root, { recursive: true, force: true });
  });

  function take(where: string): Presence | null {
    const presence = takePlace(where);
    if (presence !== null) {
      taken.push(presence);
    }
    return presence;
  }

  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(join(folder, 'core.sock'));
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });

  it.each<[string, () => void]>([
    ['the socket', () => rmSync(join(folder, 'core.sock'))],
    ['the lock', () => rmSync(join(folder, 'core.lock'))],
    ['the whole folder', () => rmSync(folder, { recursive: true })],
  ])('comes back where somebody deleted %s', async (_, vandalise) => {
    const presence = take(folder) ?? expect.fail();
    await presence.serve((socket) => socket.destroy());
    vandalise();
    await vi.waitFor(async () => expect(await answers()).toBe(true), { timeout: 5000 });
    await vi.waitFor(() => expect(readFileSync(join(folder, 'core.lock'), 'utf8')).toMatch(`${process.pid} `), 5000);
    expect(statSync(join(folder, 'core.sock')).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('touches its lock also while it only undoes', async () => {
    const presence = take(folder) ?? expect.fail();
    await presence.serve((socket) => socket.destroy());
    presence.close();
    const lock = join(folder, 'core.lock');
    utimesSync(lock, new Date(0), new Date(0));
    await vi.waitFor(() => expect(statSync(lock).mtimeMs).toBeGreaterThan(Date.now() - 10_000), { timeout: 5000 });
  });

  it('leaves nothing once it ended', async () => {
    const presence = take(folder) ?? expect.fail();
    await presence.serve((socket) => socket.destroy());
    presence.close();
    presence.end();
    taken.length = 0;
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(process.platform === 'linux').each<[string, () => void]>([
    ['with its files', () => {}],
    ['without its lock', () => rmSync(join(folder, 'core.lock'))],
    ['without its folder', () => rmSync(folder, { recursive: true })],
  ])('is no second one’s while another process holds it, %s', async (_, vandalise) => {
    const other = await startOther();
    try {
      vandalise();
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      expect(take(folder)).toBeNull();
      expect(livingCore(join(folder, 'core.lock'))).toBe(other.pid);
    } finally {
      const ended = new Promise((resolve) => other.once('close', resolve));
      other.stdin?.end();
      await ended;
    }
    expect(livingCore(join(folder, 'core.lock'))).toBeNull();
  });

  async function startOther(): Promise<ChildProcess> {
    const program = `const { takePlace } = await import(${JSON.stringify(join(import.meta.dirname, 'presence.ts'))});
      const place = takePlace(${JSON.stringify(folder)});
      process.stdout.write(place === null ? 'refused' : 'taken');
      process.stdin.on('end', () => process.exit()).resume();`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const said = await new Promise<string>((resolve) => other.stdout?.once('data', (text) => resolve(String(text))));
    expect(said).toBe('taken');
    return other;
  }
});
