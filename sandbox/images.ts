import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildCache, keyOf } from './build-cache.ts';
import { output } from './commands.ts';
import type { GoBinaries } from './go-builds.ts';
import { type ImageEntry, imageArchive } from './image-archive.ts';

/** Names of the images; no registry has them. */
export const imageNames = {
  pause: 'sandbox.local/pause:1',
  coredns: 'sandbox.local/coredns:1',
  workload: 'sandbox.local/workload:1',
  /** A shell and the usual small programs: what a user would name as a base image. */
  base: 'sandbox.local/base:1',
} as const;

/** The user that restricted pods run as. */
const podUser = '65532:65532';

/** Assembles the images, one archive each, in a folder of the cache. */
export async function assembleImages(
  cache: BuildCache,
  binaries: GoBinaries,
  packages: string,
  say: (text: string) => void,
): Promise<string> {
  const key = keyOf(binaries.programs, binaries.coredns, packages, await readFile(import.meta.filename));
  return cache.provide('images', key, async (folder) => {
    say('assemble images');
    const write = (name: string, archive: Buffer) => writeFile(path.join(folder, `${name}.tar`), archive);
    const program = async (from: string, name: string): Promise<ImageEntry> => ({
      path: name,
      content: await readFile(path.join(from, name)),
      mode: 0o755,
    });
    const shell = await shellEntries(path.join(packages, 'root/usr/bin/busybox'));
    await write(
      'pause',
      imageArchive(imageNames.pause, { Entrypoint: ['/pause'], User: '65535:65535' }, [
        await program(binaries.programs, 'pause'),
      ]),
    );
    await write(
      'coredns',
      imageArchive(imageNames.coredns, { Entrypoint: ['/coredns'] }, [
        ...foundation(),
        await program(binaries.coredns, 'coredns'),
      ]),
    );
    await write(
      'base',
      imageArchive(imageNames.base, { Cmd: ['/bin/sh'], Env: ['PATH=/bin'], WorkingDir: '/' }, [
        ...foundation(),
        ...shell,
      ]),
    );
    await write(
      'workload',
      imageArchive(
        imageNames.workload,
        { Entrypoint: ['/workload'], Cmd: ['http'], Env: ['PATH=/bin'], User: podUser, WorkingDir: '/' },
        [...foundation(), ...shell, await program(binaries.programs, 'workload')],
      ),
    );
  });
}

function foundation(): ImageEntry[] {
  return [
    { path: 'proc/' },
    { path: 'sys/' },
    { path: 'dev/' },
    { path: 'root/', mode: 0o700 },
    { path: 'tmp/', mode: 0o1777 },
    { path: 'etc/passwd', content: `root:x:0:0:root:/root:/bin/sh\nuser:x:65532:65532:user:/tmp:/bin/sh\n` },
    { path: 'etc/group', content: 'root:x:0:\nuser:x:65532:\n' },
    { path: 'etc/nsswitch.conf', content: 'hosts: files dns\n' },
  ];
}

async function shellEntries(busybox: string): Promise<ImageEntry[]> {
  const applets = (await output([busybox, '--list'])).split('\n').filter((name) => name && name !== 'busybox');
  return [
    { path: 'bin/busybox', content: await readFile(busybox), mode: 0o755 },
    ...applets.map((name) => ({ path: `bin/${name}`, linkTarget: 'busybox' })),
  ];
}
