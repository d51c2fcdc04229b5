// `npm run build-window`: builds the window into out/renderer where its sources changed.
import { ensureModules, ensureWindow } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);
await ensureModules(say);
process.stdout.write(`${await ensureWindow(say)}\n`);
