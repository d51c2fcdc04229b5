import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { withLock } from './lock.ts';

/**
 * Folders of things that were built or unpacked, each named after what it was made from:
 * what is there under its name is complete and right, and is never changed again.
 */
export class BuildCache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async has(kind: string, key: string): Promise<boolean> {
    return exists(path.join(this.folder, `${kind}-${key}`));
  }

  /**
   * Returns the folder `KIND-KEY`, made by `make` if it is not there.
   * `make` fills its first argument, which gets the path of its second when all went well.
   */
  async provide(
    kind: string,
    key: string,
    make: (folder: string, finalFolder: string) => Promise<void>,
    onWait: () => void = () => {},
  ): Promise<string> {
    const finalFolder = path.join(this.folder, `${kind}-${key}`);
    if (await exists(finalFolder)) return finalFolder;
    await mkdir(this.folder, { recursive: true });
    return withLock(finalFolder, onWait, async () => {
      if (await exists(finalFolder)) return finalFolder;
      const folder = path.join(this.folder, `.making-${kind}-${key}`);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      await make(folder, finalFolder);
      await rename(folder, finalFolder);
      return finalFolder;
    });
  }
}

/** Looks at a cache and makes nothing: what would be made is remembered by its kind. */
export class CacheSurvey extends BuildCache {
  readonly missing: string[] = [];

  override async provide(kind: string, key: string): Promise<string> {
    if (!(await this.has(kind, key))) this.missing.push(kind);
    return path.join(this.folder, `${kind}-${key}`);
  }
}

/** A short name for exactly these parts, in this order. */
export function keyOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part.length)).update(':').update(part);
  return hash.digest('hex').slice(0, 16);
}

/** Names and contents of the files below `folder` that `wanted` accepts, in a fixed order. */
export async function sourcesIn(folder: string, wanted: (name: string) => boolean): Promise<(string | Buffer)[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && wanted(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  const parts: (string | Buffer)[] = [];
  for (const name of names) parts.push(name, await readFile(path.join(folder, name)));
  return parts;
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
