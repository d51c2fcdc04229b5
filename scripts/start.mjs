// `npm start`: installs and builds what is missing, then shows the window. Arguments go through to `slipway start`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureModules, ensureNative, ensureWindow, modernNode, root, run } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);

try {
  await ensureModules(say);
  const build = await ensureNative(say);
  await ensureWindow(say);
  if (existsSync(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(root, 'node_modules/electron/dist'))) {
    const { ensureApp } = await import('./build-desktop.mjs');
    await ensureApp(say, build);
  }
  // The foreground frontend handles Ctrl-C itself (it disconnects); this wrapper must outlive it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.exitCode = await run(
    modernNode(),
    [join(root, 'app/hosts/cli/slipway.mjs'), 'start', ...process.argv.slice(2)],
    {
      cwd: process.cwd(),
    },
  );
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
