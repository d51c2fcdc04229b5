// `npm run build-native`: builds engine, helper and agent into native/bin where their sources changed.
import { ensureNative } from './tools.mjs';

const build = await ensureNative((text) => process.stderr.write(`slipway: ${text}\n`));
process.stdout.write(`${build}\n`);
