// Ensures what the tests of the desktop app need (Debian packages, the old Electron, the app built for it) and prints
// where that Electron is. Ends with 3 and the reason where this machine cannot run them.
import { ensureOldElectronApp } from './build-desktop.mjs';
import { desktopPackages, ensureDebianPackages } from './debian.mjs';
import { ensureTestElectron } from './test-electron.mjs';
import { ensureNative } from './tools.mjs';

const say = (text) => process.stderr.write(`slipway: ${text}\n`);
if (process.platform !== 'linux' || process.arch !== 'x64') {
  say('the Electron of the tests is for Linux on x64 alone');
  process.exit(3);
}
const why = ensureDebianPackages(say, desktopPackages);
if (why !== '') {
  say(why);
  process.exit(3);
}
const electron = ensureTestElectron(say);
await ensureOldElectronApp(say, await ensureNative(say));
process.stdout.write(`${electron}\n`);
