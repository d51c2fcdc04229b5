// `npm run soak`: the long forms of the faults in tests/soak/rows.ts, which `npm test` leaves out.
import { join } from 'node:path';
import { ensureModules, ensureNative, modernNode, root, run } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);

try {
  await ensureModules(say);
  await ensureNative(say);
  process.exitCode = await run(modernNode(), [join(root, 'tests/soak/main.ts'), ...process.argv.slice(2)]);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
