import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completeEnvironment, looksBare, parseEnvironment } from './environment.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-shell-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A login shell whose files do `first`, then what it was asked. */
async function shell(first: string): Promise<string> {
  const file = join(folder, 'shell');
  await writeFile(file, `#!/bin/sh\n${first}\neval "$2"\n`);
  await chmod(file, 0o755);
  return file;
}

const bare = { PATH: '/usr/bin:/bin', HOME: '/home/jane', https_proxy: 'http://mine' };

test('a desktop’s bare PATH is completed by the login shell’s, whatever its files print', async () => {
  const SHELL = await shell(
    "echo 'Welcome PATH=/evil'; export PATH=/opt/tools:/usr/bin:/bin HTTPS_PROXY=http://proxy https_proxy=http://other KUBECONFIG='/a b' SECRET=x",
  );
  const completed = await completeEnvironment({ ...bare, SHELL });
  expect(completed).toEqual({
    ...bare,
    SHELL,
    PATH: '/opt/tools:/usr/bin:/bin',
    HTTPS_PROXY: 'http://proxy',
    https_proxy: 'http://mine', // what the process has stays
    KUBECONFIG: '/a b',
  });
});

test('a terminal’s environment is left as it is, and no shell is asked', async () => {
  const SHELL = await shell(`touch '${folder}/asked'; export PATH=/changed`);
  for (const environment of [
    { ...bare, SHELL, TERM: 'xterm' },
    { ...bare, SHELL, PATH: '/home/jane/bin:/usr/bin' },
    { ...bare, SHELL: 'relative-shell' },
  ]) {
    expect(await completeEnvironment(environment)).toBe(environment);
  }
  expect(looksBare({ PATH: '/usr/bin:/bin' })).toBe(true);
});

test('a shell that hangs, fails or is missing costs nothing but its deadline', async () => {
  for (const first of ['sleep 30', 'exit 3', 'exec cat /dev/zero']) {
    const environment = { ...bare, SHELL: await shell(first) };
    expect(await completeEnvironment(environment, 300)).toBe(environment);
  }
  const missing = { ...bare, SHELL: join(folder, 'none') };
  expect(await completeEnvironment(missing)).toBe(missing);
});

test('variables with line breaks and equals signs are read whole', () => {
  const text = 'noise\nslipway-environment\0A=1=2\0B=x\ny\0=odd\0';
  expect(parseEnvironment(text)).toEqual(
    new Map([
      ['A', '1=2'],
      ['B', 'x\ny'],
    ]),
  );
  expect(parseEnvironment('nothing')).toBeNull();
});
