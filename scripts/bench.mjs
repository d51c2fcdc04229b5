// `npm run bench`: against kubectl port-forward and others on the sandbox; `npm run bench -- window`: the window in a browser.
import { join } from 'node:path';
import { ensureModules, ensureNative, ensureWindow, modernNode, root, run } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);

try {
  const [subject, ...others] = process.argv.slice(2);
  const isWindow = subject === 'window';
  await ensureModules(say);
  await (isWindow ? ensureWindow(say) : ensureNative(say));
  const program = isWindow ? ['tests/gui/bench.ts', ...others] : ['tests/bench/main.ts', ...process.argv.slice(2)];
  process.exitCode = await run(modernNode(), [join(root, program[0]), ...program.slice(1)]);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
