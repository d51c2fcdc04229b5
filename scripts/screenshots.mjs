// `npm run screenshots`: takes the pictures of README.md and docs/tour.md anew, of the window as it ships. Look at them.
import { join } from 'node:path';
import { ensureModules, ensureWindow, modernNode, root, run } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);
await ensureModules(say);
await ensureWindow(say);
process.exitCode = await run(modernNode(), [join(root, 'tests/gui/screenshots.ts'), ...process.argv.slice(2)]);
