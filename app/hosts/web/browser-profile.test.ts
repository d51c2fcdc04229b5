/** A browser's own profile: there while it runs, gone with it or at the next start, and nobody else's is touched. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withOwnProfile } from './browser-profile.ts';

const isRoot = process.getuid?.() === 0;
const jane = { uid: 54_321, gid: 54_321 };
const patience = { timeout: 10_000, interval: 20 };

/** Takes its profile in both ways, and runs its last word with it. */
const browser = `#!/bin/sh
case $1 in
--user-data-dir=*) profile=\${1#*=} && shift ;;
--profile) profile=$2 && shift 2 ;;
esac
: >"$profile/places.sqlite" && eval "$1"
`;

describe.runIf(process.platform === 'linux')('a profile of its own', () => {
  let profiles = '';
  let outside = '';
  const running: ChildProcess[] = [];
  const left = () => readdirSync(profiles);

  beforeEach(() => {
    profiles = mkdtempSync(join(tmpdir(), 'slipway-profiles-'));
    chmodSync(profiles, 0o1777);
    outside = mkdtempSync(join(tmpdir(), 'slipway-outside-'));
    chmodSync(outside, 0o755);
    writeFileSync(join(outside, 'browser'), browser);
    chmodSync(join(outside, 'browser'), 0o755);
  });
  afterEach(() => {
    for (const { pid, exitCode, signalCode } of running.splice(0)) {
      if (pid !== undefined && exitCode === null && signalCode === null) {
        process.kill(-pid, 'SIGKILL');
      }
    }
    rmSync(profiles, { recursive: true, force: true });
    rmSync(outside, { recursive: true, force: true });
  });

  function start(line: string, option = '--profile', user: { uid?: number; gid?: number } = isRoot ? jane : {}) {
    const words = withOwnProfile(option, join(outside, 'browser'), [line], profiles);
    const child = spawn('sh', words, { detached: true, stdio: 'ignore', cwd: '/', ...user });
    running.push(child);
    return child;
  }

  it.each([
    ['--profile', 'exit 0', 0],
    ['--user-data-dir=', 'mkdir -p "$profile/a/b" && exit 3', 3],
  ])('with %s is there for the browser that does %s, and goes with it', async (option, line, code) => {
    expect(await once(start(line, option), 'exit')).toEqual([code, null]);
    expect(left()).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('goes with the browser that a %s ends', async (signal) => {
    const child = start('echo up >"$profile/up"; exec sleep 60');
    await expect.poll(() => profileHas('up'), patience).toBe(true);
    process.kill(-(child.pid ?? 0), signal);
    await once(child, 'exit');
    expect(left()).toEqual([]);
  });

  const profileHas = (file: string) =>
    left().some((name) => name.startsWith('slipway') && existsSync(join(profiles, name, 'profile', file)));

  it('goes at the next start where its shell was killed, but not while a browser has it', async () => {
    const killed = start('echo $$ >"$profile/up"; exec sleep 60');
    await expect.poll(() => profileHas('up'), patience).toBe(true);
    process.kill(killed.pid ?? 0, 'SIGKILL'); // the browser lives
    await once(killed, 'exit');
    const [mine = ''] = left();
    await once(start('exit 0'), 'exit');
    expect(left()).toEqual([mine]);
    process.kill(-(killed.pid ?? 0), 'SIGKILL');
    await expect
      .poll(async () => {
        await once(start('exit 0'), 'exit');
        return left();
      }, patience)
      .toEqual([]);
  });

  it('leaves what a link leads to, what is no profile, and what is in use', async () => {
    const named = (name: string) => join(profiles, name);
    symlinkSync(outside, named('slipway-browser-link'));
    mkdirSync(named('slipway-browser-other'));
    const other = start('echo up >"$profile/up"; exec sleep 60');
    await expect.poll(() => profileHas('up'), patience).toBe(true);
    const before = left();
    await once(start('ln -s "$(dirname "$0")" "$profile/link"'), 'exit');
    expect(left()).toEqual(before);
    expect(readdirSync(outside)).toEqual(['browser']);
    process.kill(-(other.pid ?? 0), 'SIGTERM');
    await once(other, 'exit');
  });

  it.runIf(isRoot)('is never another user’s to remove', async () => {
    const theirs = join(profiles, 'slipway-browser-theirs');
    mkdirSync(join(theirs, 'profile'), { recursive: true });
    writeFileSync(join(theirs, 'in-use'), '');
    for (const path of [theirs, join(theirs, 'profile'), join(theirs, 'in-use')]) {
      chownSync(path, jane.uid + 1, jane.gid + 1);
    }
    await once(start('exit 0'), 'exit');
    await once(start('exit 0', '--profile', {}), 'exit'); // root's own browser
    expect(left()).toEqual(['slipway-browser-theirs']);
  });
});
