import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

describe('sources whose types were stripped before', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'slipway-sources-'));
    mkdirSync(join(root, 'app/hosts'), { recursive: true });
    mkdirSync(join(root, 'node_modules'));
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    cpSync(join(import.meta.dirname, 'stripped-sources.mjs'), join(root, 'app/hosts/stripped-sources.mjs'));
    write('one');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (word: string) => {
    writeFileSync(join(root, 'app/word.ts'), `export const word: string = '${word}';\n`);
    writeFileSync(
      join(root, 'app/main.ts'),
      `import { word } from './word.ts';\nconst shown: string = word;\nprocess.stdout.write(shown);\nif (shown === 'bad') {\n  throw new Error('bad') as Error;\n}\n`,
    );
  };
  const start = () =>
    execFileSync(process.execPath, ['--import', './app/hosts/stripped-sources.mjs', 'app/main.ts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { PATH: process.env.PATH },
    });
  const keptIn = () => join(root, 'node_modules/.cache/slipway', process.version, 'stripped');

  it('run as they are now, also after a change', () => {
    expect(start()).toBe('one');
    expect(start()).toBe('one');
    write('two');
    expect(start()).toBe('two');
    write('one');
    expect(start()).toBe('one');
  });

  it('are stripped once', () => {
    start();
    const kept = readdirSync(keptIn());
    expect(kept).toHaveLength(2);
    const [first = ''] = kept.filter((name) => readFileSync(join(keptIn(), name), 'utf8').includes("'one'"));
    writeFileSync(join(keptIn(), first), "export const word = 'kept';\n");
    expect(start()).toBe('kept');
  });

  it('tell the line of the source in an error', () => {
    write('bad');
    for (const turn of ['first', 'second']) {
      let said = '';
      try {
        start();
      } catch (error) {
        said = (error as { stderr: string }).stderr;
      }
      expect(said, turn).toContain('app/main.ts:5');
      expect(said, turn).not.toContain('Warning');
    }
  });

  it('run where nothing can be kept', () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    writeFileSync(join(root, 'node_modules'), 'a file in the way');
    expect(start()).toBe('one');
  });
});
