import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageArchive, tarArchive } from './image-archive.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'image-archive-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Lets the real tar read it: the format is not judged by the code that writes it. */
function unpack(archive: Buffer, into = folder): void {
  const file = path.join(into, 'archive.tar');
  writeFileSync(file, archive);
  execFileSync('tar', ['-xpf', file, '-C', into, '--no-same-owner']);
}

describe('tar archive', () => {
  it('is read by tar with contents, modes and links', () => {
    unpack(
      tarArchive([
        { path: 'bin/', mode: 0o755 },
        { path: 'bin/program', content: 'x'.repeat(1000), mode: 0o755 },
        { path: 'bin/other', linkTarget: 'program' },
        { path: 'empty', content: '' },
      ]),
    );
    expect(readFileSync(path.join(folder, 'bin/other'), 'utf8')).toHaveLength(1000);
    expect(execFileSync('stat', ['-c', '%a', path.join(folder, 'bin/program')], { encoding: 'utf8' })).toBe('755\n');
    expect(readFileSync(path.join(folder, 'empty'), 'utf8')).toBe('');
  });

  it('refuses a path that the format cannot hold', () => {
    expect(() => tarArchive([{ path: 'a'.repeat(101) }])).toThrow('too long');
  });
});

describe('image archive', () => {
  const archive = imageArchive('example.test/one:1', { Entrypoint: ['/bin/one'] }, [
    { path: 'bin/one', content: 'one' },
  ]);

  it('names its layer and configuration by their digests', () => {
    unpack(archive);
    const [manifest] = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
    expect(manifest.RepoTags).toEqual(['example.test/one:1']);
    const digest = (name: string) =>
      execFileSync('sha256sum', [path.join(folder, name)], { encoding: 'utf8' }).split(' ')[0];
    expect(manifest.Config).toBe(`${digest(manifest.Config)}.json`);
    const configuration = JSON.parse(readFileSync(path.join(folder, manifest.Config), 'utf8'));
    expect(configuration.rootfs.diff_ids).toEqual([`sha256:${digest(manifest.Layers[0])}`]);
  });

  it('is the same for the same inputs', () => {
    expect(
      imageArchive('example.test/one:1', { Entrypoint: ['/bin/one'] }, [{ path: 'bin/one', content: 'one' }]),
    ).toEqual(archive);
  });
});
