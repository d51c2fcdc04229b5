// Runs a TypeScript program of the project under the modern Node: `node scripts/run.mjs FILE ARGUMENTS…`.
import { ensureModules, ensureNative, modernNode, run } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);
const [file, ...rest] = process.argv.slice(2);
await ensureModules(say);
await ensureNative(say);
process.exitCode = await run(modernNode(), [file, ...rest]);
