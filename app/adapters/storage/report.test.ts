import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { testReport } from '../../fakes/port-tests/report.ts';
import { openReport } from './report.ts';

async function begin() {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-report-'));
  const folders = { runtime: folder, config: folder, state: join(folder, 'state') };
  await mkdir(folders.state);
  await writeFile(join(folders.state, 'core.log'), 'first\nlast\n');
  return {
    folder,
    port: openReport(folders, { HOME: folder }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

testReport('disk', async () => ({
  ...(await begin()),
  read: async (path) => {
    const entries = Object.entries(unzipSync(await readFile(path)));
    expect(new Set(entries.map(([name]) => dirname(name))).size).toBe(1);
    return Object.fromEntries(entries.map(([name, content]) => [name.replace(/^.*\//, ''), strFromU8(content)]));
  },
}));

test('goes into the downloads where there are some, else home, and is the user’s alone', async () => {
  const { folder, port, close } = await begin();
  const files = [{ name: 'a', text: 'b' }];
  const first = await port.write('', files);
  await mkdir(join(folder, 'Downloads'));
  const second = await port.write('', files);
  expect(first.ok && dirname(first.value.path)).toBe(folder);
  expect(second.ok && dirname(second.value.path)).toBe(join(folder, 'Downloads'));
  expect(first.ok && (await stat(first.value.path)).mode & 0o777).toBe(0o600);
  await close();
});
