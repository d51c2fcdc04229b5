// `npm run kit`: serves the kit page (/kit.html) and the whole window on scripted states (/preview.html) on loopback.
import { join } from 'node:path';
import { ensureModules, modernNode, root, run } from './tools.mjs';

await ensureModules((text) => process.stderr.write(`slipway: ${text}\n`));
process.exitCode = await run(modernNode(), [
  join(root, 'node_modules/vite/bin/vite.js'),
  '--config',
  'vite.config.ts',
  '--mode',
  'kit',
  ...process.argv.slice(2),
]);
