import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { laptopShell, withLauncher } from './laptop.ts';

const clone = path.resolve(import.meta.dirname, '..');
let home = '';
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'slipway-shell-'));
});
afterEach(() => rmSync(home, { recursive: true }));

/** What an interactive shell with these start-up files says to a script. */
function say(script: string): string {
  const laptop = { PATH: '/run/laptop/bin:/usr/bin:/bin', KUBECONFIG: '/sandbox.kubeconfig', HOME: home };
  const { command, environment } = laptopShell('/bin/bash', laptop);
  const [program = '', ...rest] = command;
  return execFileSync(program, [...rest, '-c', script], {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

test('bash keeps the user’s own settings and says where one is', () => {
  writeFileSync(path.join(home, '.bashrc'), 'PS1="mine> "; alias k=kubectl\n');
  expect(say('printf %s "$PS1"; alias k')).toBe("(sandbox laptop) mine> alias k='kubectl'\n");
});

test('a start-up file of the user leads nowhere else', () => {
  writeFileSync(path.join(home, '.bashrc'), 'export KUBECONFIG=~/.kube/config PATH=/usr/bin:/bin\n');
  expect(say('printf "%s " "$KUBECONFIG"; command -v slipway')).toBe(`/sandbox.kubeconfig ${clone}/slipway\n`);
});

test('other shells take the prompt from the environment, and find this clone’s command', () => {
  const { command, environment } = laptopShell('/bin/dash', { PATH: '/usr/bin' });
  expect(command).toEqual(['/bin/dash']);
  expect(environment).toMatchObject({ PS1: '(sandbox laptop) $ ' });
  expect(withLauncher({ PATH: '/usr/bin' }).PATH).toBe(`${clone}:/usr/bin:${path.dirname(process.execPath)}`);
});
