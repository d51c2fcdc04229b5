import { createHash } from 'node:crypto';

/** One file, folder or symbolic link of an image. Paths have no leading slash. */
export interface ImageEntry {
  path: string;
  content?: Buffer | string;
  linkTarget?: string;
  mode?: number;
}

/** What a container of the image runs, in the words of the OCI image specification. */
export interface ImageConfiguration {
  Entrypoint?: readonly string[];
  Cmd?: readonly string[];
  Env?: readonly string[];
  User?: string;
  WorkingDir?: string;
}

// Fixed, so that the same inputs give the same image and so the same digest.
const created = '2026-01-01T00:00:00Z';

/** A `docker save` archive with one layer, as containerd imports it. Missing parent folders are added. */
export function imageArchive(
  reference: string,
  configuration: ImageConfiguration,
  entries: readonly ImageEntry[],
): Buffer {
  const layer = tarArchive(withParents(entries));
  const layerDigest = sha256(layer);
  const description = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: configuration,
      created,
      history: [{ created, created_by: 'slipway sandbox' }],
      rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    }),
  );
  const descriptionName = `${sha256(description)}.json`;
  const layerName = `${layerDigest}/layer.tar`;
  const manifest = JSON.stringify([{ Config: descriptionName, RepoTags: [reference], Layers: [layerName] }]);
  return tarArchive([
    { path: descriptionName, content: description },
    { path: `${layerDigest}/`, mode: 0o755 },
    { path: layerName, content: layer },
    { path: 'manifest.json', content: manifest },
  ]);
}

function withParents(entries: readonly ImageEntry[]): ImageEntry[] {
  const known = new Set(entries.map((entry) => entry.path));
  const all: ImageEntry[] = [];
  for (const entry of entries) {
    const parts = entry.path.replace(/\/$/, '').split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const parent = `${parts.slice(0, depth).join('/')}/`;
      if (!known.has(parent)) all.push({ path: parent, mode: 0o755 });
      known.add(parent);
    }
    all.push(entry);
  }
  return all;
}

/** A tar archive in the ustar format (POSIX.1-1988); everything belongs to root. Folders end in a slash. */
export function tarArchive(entries: readonly ImageEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '');
    blocks.push(header(entry, content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function header(entry: ImageEntry, size: number): Buffer {
  const block = Buffer.alloc(512);
  const isFolder = entry.path.endsWith('/');
  const mode = entry.mode ?? (entry.linkTarget === undefined ? (isFolder ? 0o755 : 0o644) : 0o777);
  if (Buffer.byteLength(entry.path) > 100) throw new Error(`path too long for ustar: ${entry.path}`);
  block.write(entry.path, 0);
  writeOctal(block, mode, 100, 8);
  writeOctal(block, 0, 108, 8);
  writeOctal(block, 0, 116, 8);
  writeOctal(block, size, 124, 12);
  writeOctal(block, 0, 136, 12);
  block.write(entry.linkTarget !== undefined ? '2' : isFolder ? '5' : '0', 156);
  block.write(entry.linkTarget ?? '', 157, 100);
  block.write('ustar\u000000', 257);
  block.write('root', 265);
  block.write('root', 297);
  block.fill(' ', 148, 156); // the sum is taken with spaces in its own place
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function writeOctal(block: Buffer, value: number, offset: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset);
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
