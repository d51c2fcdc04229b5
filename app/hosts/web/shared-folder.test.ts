import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeSharedFolder, removeOldFolders, removeSharedFolder } from './shared-folder.ts';

const isRoot = process.getuid?.() === 0;
const longAgo = new Date(Date.now() - 3_600_000);

describe.runIf(process.platform === 'linux')('folders of redirect files', () => {
  let where = '';
  beforeEach(() => {
    where = mkdtempSync(join(tmpdir(), 'slipway-folders-'));
  });
  afterEach(() => rmSync(where, { recursive: true, force: true }));

  function old(change: (folder: string) => void = () => {}): string {
    const folder = makeSharedFolder(where);
    writeFileSync(join(folder, 'file'), '');
    change(folder);
    utimesSync(folder, longAgo, longAgo);
    return folder;
  }

  it('may be passed through, and go with their file', () => {
    const folder = makeSharedFolder(where);
    expect(statSync(folder).mode & 0o777).toBe(0o711);
    writeFileSync(join(folder, 'file'), '');
    removeSharedFolder(folder, 'file');
    expect(readdirSync(where)).toEqual([]);
  });

  it('go at a later start, but not while their code may work', () => {
    old();
    old((folder) => rmSync(join(folder, 'file')));
    const young = makeSharedFolder(where);
    removeOldFolders('file', where);
    expect(readdirSync(where).map((name) => join(where, name))).toEqual([young]);
  });

  it('are left where others may have put something in them', () => {
    const elsewhere = mkdtempSync(join(where, 'elsewhere-'));
    writeFileSync(join(elsewhere, 'file'), 'of somebody');
    const kept = [
      old((folder) => chmodSync(folder, 0o777)),
      old((folder) => mkdirSync(join(folder, 'more'))),
      ...(isRoot ? [old((folder) => chownSync(folder, 54_321, 54_321))] : []),
    ];
    symlinkSync(elsewhere, join(where, 'slipway-window-link'));
    removeOldFolders('file', where);
    expect(kept.filter((folder) => !existsSync(folder))).toEqual([]);
    expect(readdirSync(elsewhere)).toEqual(['file']);
  });
});
