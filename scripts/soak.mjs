// `npm run soak`: the long forms of end-to-end tests, which `npm test` leaves out: files that say `SLIPWAY_SOAK`. Names of
// files choose among them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureModules, ensureNative, root, run } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);
const folder = 'tests/cluster';
const long = readdirSync(join(root, folder))
  .filter(
    (name) => name.endsWith('.test.ts') && readFileSync(join(root, folder, name), 'utf8').includes('SLIPWAY_SOAK'),
  )
  .map((name) => `${folder}/${name}`);
const asked = process.argv.slice(2);
const chosen = long.filter((file) => asked.length === 0 || asked.some((name) => file.includes(name)));

try {
  if (chosen.length === 0) {
    throw new Error(`none of ${asked.join(', ')} has a long form; these have: ${long.join(', ')}`);
  }
  await ensureModules(say);
  await ensureNative(say);
  process.env.SLIPWAY_SOAK = 'true';
  process.exitCode = await run('node', [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--project',
    'cluster*',
    ...chosen,
  ]);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
