import { type ExecFileException, execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const project = join(import.meta.dirname, '../..');
const isRoot = process.getuid?.() === 0;

describe('the programs of a clone', () => {
  let folder = '';
  let clone = '';
  let cache = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-programs-'));
    clone = join(folder, 'clone');
    cache = join(folder, 'cache');
    write('package.json', '{ "type": "module" }');
    write('package-lock.json', '{}');
    for (const file of ['app/hosts/programs.mjs', 'app/hosts/source-state.mjs', 'scripts/bundle-programs.mjs']) {
      mkdirSync(dirname(join(clone, file)), { recursive: true });
      cpSync(join(project, file), join(clone, file));
    }
    symlinkSync(join(project, 'node_modules'), join(clone, 'node_modules'));
    write('start.mjs', "import { runProgram } from './app/hosts/programs.mjs';\nawait runProgram('cli');\n");
    write('app/hosts/core/main.ts', 'process.stdout.write("core");\n');
    write('app/hosts/core/fake.ts', 'process.stdout.write("fake");\n');
    say('one');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(clone, file)), { recursive: true });
    writeFileSync(join(clone, file), text);
  }
  function say(word: string): void {
    write('app/word.ts', `export const word: string = '${word}';\n`);
    write('app/hosts/cli/main.ts', "import { word } from '../../word.ts';\nprocess.stdout.write(word as string);\n");
  }
  const start = () =>
    new Promise<string>((resolve, reject) => {
      const env = { PATH: process.env.PATH, XDG_CACHE_HOME: cache };
      const ended = (error: ExecFileException | null, out: string, errors: string) =>
        error === null ? resolve(out) : reject(new Error(errors));
      execFile(process.execPath, ['--disable-warning=ExperimentalWarning', 'start.mjs'], { cwd: clone, env }, ended);
    });
  const built = (place = join(clone, 'out/programs')) =>
    existsSync(place) ? readdirSync(place).filter((name) => !name.endsWith('.json')) : [];

  it('are those of the sources as they are now', async () => {
    expect(await start()).toBe('one');
    say('two');
    expect(await start()).toBe('two');
    say('one');
    expect(await start()).toBe('one');
    expect(built().some((name) => name.startsWith('draft'))).toBe(false);
  });

  it('are built once, and not again where only times changed', async () => {
    await start();
    const [name = ''] = built();
    writeFileSync(join(clone, 'out/programs', name, 'cli.mjs'), "process.stdout.write('kept');");
    expect(await start()).toBe('kept');
    say('one');
    expect(await start()).toBe('kept');
    expect(built()).toEqual([name]);
  });

  it('are whole in starts side by side', async () => {
    await start();
    say('three');
    expect(await Promise.all([start(), start(), start(), start()])).toEqual(['three', 'three', 'three', 'three']);
    expect(await start()).toBe('three');
  });

  it('know the place of their sources', async () => {
    write('app/hosts/cli/main.ts', "process.stdout.write([import.meta.dirname, import.meta.filename].join(' '));\n");
    const place = join(clone, 'app/hosts/cli');
    expect(await start()).toBe(`${place} ${join(place, 'main.ts')}`);
    expect(built()).not.toEqual([]);
  });

  it('run from their sources where nothing can be built', async () => {
    rmSync(join(clone, 'node_modules'));
    expect(await start()).toBe('one');
    expect(built()).toEqual([]);
  });

  it('tell the error of a source that cannot be built by its name', async () => {
    write('app/word.ts', 'export const word = ;\n');
    await expect(start()).rejects.toThrow('word.ts');
  });

  it.runIf(isRoot)('lie in a cache of our own where the clone is somebody else’s', async () => {
    chownSync(clone, 12_345, 12_345);
    expect(await start()).toBe('one');
    expect(built()).toEqual([]);
    const [name = ''] = readdirSync(join(cache, 'slipway/programs'));
    expect(built(join(cache, 'slipway/programs', name))).toHaveLength(1);
    say('two');
    expect(await start()).toBe('two');
  });

  it.runIf(isRoot).each([
    ['that others may write to', () => chmodSync(join(cache, 'slipway/programs'), 0o777)],
    ['that is of another user', () => chownSync(join(cache, 'slipway/programs'), 12_345, 12_345)],
  ])('never come from a cache %s', async (_, change) => {
    chownSync(clone, 12_345, 12_345);
    await start();
    const kept = join(cache, 'slipway/programs');
    const [name = ''] = readdirSync(kept);
    const [bundles = ''] = built(join(kept, name));
    writeFileSync(join(kept, name, bundles, 'cli.mjs'), "process.stdout.write('planted');");
    expect(await start()).toBe('planted'); // what lies there is what runs
    change();
    expect(await start()).toBe('one');
  });
});
