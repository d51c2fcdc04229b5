import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testSandbox } from '../../fakes/port-tests/sandbox.ts';
import { openSandboxPort } from './sandbox.ts';

/** Speaks as sandbox/main.ts does with --progress json, and keeps a file in place of a cluster. */
const standIn = `
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const folder = import.meta.dirname;
const [command, ...rest] = process.argv.slice(2);
if (rest.join(' ') !== '--name sandbox --progress json') process.exit(2);
const say = (value) => console.log(JSON.stringify(value));
const pause = () => new Promise((resolve) => setTimeout(resolve, 30));
const state = join(folder, 'state');
if (existsSync(join(folder, 'broken'))) {
  say({ problem: { code: 'sandbox-not-linux', cause: 'It needs Linux.', fix: 'Use Linux.' } });
  process.exit(1);
}
if (command === 'down') {
  say({ text: 'stop', seconds: 0 });
  rmSync(state, { force: true });
} else {
  for (const text of ['build', 'certificates and configuration', 'namespaces and LAN', 'control plane and nodes', 'API server ready', 'workload applied', 'ready']) {
    say({ text, seconds: 0 });
    if (text === 'namespaces and LAN') writeFileSync(state, 'half');
    if (text === 'control plane and nodes') await pause();
    await pause();
  }
  writeFileSync(state, 'up');
}
say({ kubeconfig: join(folder, 'admin.kubeconfig') });
`;

testSandbox('child process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-sandbox-'));
  const program = join(folder, 'main.mjs');
  await writeFile(program, standIn);
  const state = join(folder, 'state');
  return {
    port: openSandboxPort({ program }),
    state: async () => (existsSync(state) ? ((await readFile(state, 'utf8')) as 'half' | 'up') : 'none'),
    breakIt: () => writeFile(join(folder, 'broken'), ''),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

test('a package without a sandbox says so', async () => {
  const port = openSandboxPort({ program: '/nonexistent/main.ts' });
  expect(await port.start(() => {}, new AbortController().signal)).toMatchObject({
    ok: false,
    problem: { code: 'sandbox-unsupported' },
  });
});
