// `npm run agent-image -- --output FILE`: an OCI archive of the agent, without Docker.
import { join, resolve } from 'node:path';
import { ensureNative, projectEnvironment, root, run } from './tools.mjs';

const build = await ensureNative((text) => process.stderr.write(`slipway: ${text}\n`));
const args = process.argv.slice(2);
const at = args.indexOf('--output');
if (at >= 0 && args[at + 1] !== undefined) {
  args[at + 1] = resolve(args[at + 1]); // relative to where the command was given, not to native/
}
process.exitCode = await run(
  'go',
  ['run', '-ldflags', `-X slipway/native/internal/build.ID=${build}`, './cmd/agent-image', ...args],
  { cwd: join(root, 'native'), env: { ...projectEnvironment(), CGO_ENABLED: '0' } },
);
