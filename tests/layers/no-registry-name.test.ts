/** Nothing of ours sends a user to a name of a package registry that anybody may register. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Built, fetched or of tools; what is in the repository has none of these names. */
const notOurs = new Set(['node_modules', '.git', 'out', 'out-e9', 'dist', 'dist-e9', 'coverage', 'bin']);

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !notOurs.has(entry.name)) {
      yield* filesBelow(path);
    } else if (entry.isFile() && statSync(path).size < 1 << 20) {
      yield path;
    }
  }
}

it('the command is never called through npx or the like', () => {
  const called = /\b(npx|npm exec|npm create|npm (i|install) -g|pnpm dlx|yarn dlx|bunx)( -[\w-]+)* slipway\b/;
  const files = [...filesBelow(root)];
  expect(files).toContain(join(root, 'README.md'));
  expect(files.filter((file) => called.test(readFileSync(file, 'utf8')))).toEqual([]);
});

it('the launcher of a clone runs from any folder, and through a symlink', () => {
  const version = execFileSync(join(root, 'slipway'), ['--version'], { cwd: '/', encoding: 'utf8' });
  expect(version).toMatch(/^\S+\n$/);
}, 120_000); // it may bundle the sources first, beside everything else that runs
