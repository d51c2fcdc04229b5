import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { browserFor, type Desktop, openBrowser } from './browser.ts';

const jane = { uid: 1000, gid: 1001, name: 'jane', home: '/home/jane' };
const file = '/tmp/open-slipway.html';
const all = ['xdg-open', 'firefox', 'chromium'];

function desktop(userId: number, environment: Record<string, string>, programs = all): Desktop {
  return {
    platform: 'linux',
    userId,
    environment: { DISPLAY: ':0', ...environment },
    isOnPath: (name) => programs.includes(name),
    isThere: (path) => path.startsWith('/run/user/1000'),
    userOf: (uid) => (uid === jane.uid ? jane : null),
  };
}

const laptop = { SLIPWAY_IN_SANDBOX: '1' };
it.each([
  ['a user', 1000, {}, all, 'xdg-open', undefined],
  ['a user whose environment speaks of another', 1000, { SUDO_UID: '1000' }, all, 'xdg-open', undefined],
  ['root by sudo', 0, { SUDO_UID: '1000' }, all, 'xdg-open', jane],
  ['root by pkexec', 0, { PKEXEC_UID: '1000' }, all, 'xdg-open', jane],
  ['root that was root before', 0, { SUDO_UID: '0' }, all, 'firefox', undefined],
  ['root for a user that is none', 0, { SUDO_UID: '4711' }, all, 'firefox', undefined],
  ['root alone', 0, {}, all, 'firefox', undefined],
  ['root alone with Chromium', 0, {}, ['xdg-open', 'chromium'], undefined, undefined],
  ['root on the laptop', 0, laptop, ['chromium'], undefined, undefined],
  [
    'a person on the laptop',
    0,
    { ...laptop, SLIPWAY_DESKTOP_USER: '1000' },
    ['xdg-open', 'chromium'],
    'chromium',
    jane,
  ],
  ['nobody with a display', 1000, { DISPLAY: '' }, all, undefined, undefined],
])('%s', (_, userId, environment, programs, program, user) => {
  const command = browserFor(file, desktop(userId, environment, programs));
  expect(command?.program).toBe(program);
  expect(command?.user).toEqual(user);
});

it('gives the person’s browser the person’s environment', () => {
  const command = browserFor(
    file,
    desktop(0, { SUDO_UID: '1000', SUDO_USER: 'jane', HOME: '/root', KUBECONFIG: '/x' }),
  );
  expect(command?.environment).toMatchObject({
    HOME: '/home/jane',
    XAUTHORITY: '/home/jane/.Xauthority',
    XDG_RUNTIME_DIR: '/run/user/1000',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus',
  });
  expect(Object.keys(command?.environment ?? {}).filter((name) => /SUDO|KUBECONFIG/.test(name))).toEqual([]);
});

it.each([
  ['firefox', '--profile', ['--no-remote', file]],
  ['chromium', '--user-data-dir=', ['--no-first-run', file]],
])('starts a %s of its own on the laptop', (program, profileOption, words) => {
  const command = browserFor(file, desktop(0, { ...laptop, SLIPWAY_DESKTOP_USER: '1000' }, [program]));
  expect(command).toMatchObject({ profileOption, words });
});

it.each([
  ['is there', 'exit 0', true],
  ['stays', 'sleep 5', true],
  ['refuses', 'exit 1', false],
])('knows of a browser that %s', async (_, script, isOpen) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-browser-'));
  const program = join(folder, 'browser');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  expect(await openBrowser({ program, words: [], environment: {} })).toBe(isOpen);
  rmSync(folder, { recursive: true });
});

it.runIf(process.getuid?.() === 0)('runs it as that user', async () => {
  const words = ['-c', '[ "$(id -u):$(id -g):$(id -G)" = 1000:1001:1001 ]'];
  const environment = { PATH: '/usr/bin:/bin' };
  expect(await openBrowser({ program: 'sh', words, user: jane, environment })).toBe(true);
});
