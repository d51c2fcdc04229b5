import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildCache, exists, keyOf } from './build-cache.ts';
import { CommandFailure, output, run } from './commands.ts';
import { SandboxFailure } from './problems.ts';

/** Debian packages that belong together, and which of their programs are called. */
export interface PackageSet {
  name: string;
  packages: readonly string[];
  /** Called name to path in the unpacked packages. */
  tools: Readonly<Record<string, string>>;
  /** The same in a folder `legacy`, for kernels on which those in `tools` do not work. */
  legacyTools?: Readonly<Record<string, string>>;
  /** Files that are also put into a folder where nothing else is. */
  copies?: Readonly<Record<string, string>>;
}

/** Debian's name of the folder for this machine's libraries. */
export const libraryFolder = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

export const clusterPackages: PackageSet = {
  name: 'packages-cluster',
  packages: [
    'containerd',
    'runc',
    'containernetworking-plugins',
    'iptables',
    'conntrack',
    'nftables',
    'busybox-static',
  ],
  tools: {
    containerd: 'usr/bin/containerd',
    'containerd-shim-runc-v2': 'usr/bin/containerd-shim-runc-v2',
    ctr: 'usr/bin/ctr',
    runc: 'usr/sbin/runc',
    conntrack: 'usr/sbin/conntrack',
    nft: 'usr/sbin/nft',
    ...iptablesOf('nft'),
  },
  legacyTools: iptablesOf('legacy'),
};

/** The programs of iptables(8) on one of the two interfaces of the kernel. */
function iptablesOf(kind: 'nft' | 'legacy'): Record<string, string> {
  return Object.fromEntries(
    ['iptables', 'ip6tables'].flatMap((family) =>
      ['', '-save', '-restore'].map((ending) => [`${family}${ending}`, `usr/sbin/${family}-${kind}${ending}`]),
    ),
  );
}

export const laptopPackages: PackageSet = {
  name: 'packages-laptop',
  packages: ['bind9-dnsutils', 'curl', 'iptables', 'iputils-ping', 'netcat-openbsd'],
  tools: {
    dig: 'usr/bin/dig',
    nslookup: 'usr/bin/nslookup',
    curl: 'usr/bin/curl',
    ping: 'usr/bin/ping',
    nc: 'usr/bin/nc.openbsd',
    iptables: 'usr/sbin/iptables-nft',
    'iptables-save': 'usr/sbin/iptables-nft-save',
  },
};

export const resolvedPackages: PackageSet = {
  name: 'packages-resolved',
  packages: ['systemd-resolved', 'libnss-resolve', 'dbus-daemon', 'dbus-bin', 'systemd'],
  tools: {
    resolvectl: 'usr/bin/resolvectl',
    busctl: 'usr/bin/busctl',
    'dbus-daemon': 'usr/bin/dbus-daemon',
    'systemd-resolved': 'usr/lib/systemd/systemd-resolved',
  },
  copies: { [`usr/lib/${libraryFolder}/libnss_resolve.so.2`]: 'name-service/libnss_resolve.so.2' },
};

// The C library and what is loaded with it must be the machine's own: its loader runs these programs.
const machineOwn = /^(libc6|libgcc-s1|libcrypt1|libpam.*|lib.*-perl|libelogind0|libperl.*|libdebian.*|libsemanage.*)$/;

/**
 * Unpacks the set's packages and the libraries that they need into the cache, with
 * `bin/` of scripts that call the tools with these libraries. Nothing is installed.
 */
export async function unpackPackages(cache: BuildCache, set: PackageSet, say: (text: string) => void): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8');
  const key = keyOf(release, process.arch, JSON.stringify(set), 'layout 3');
  return cache.provide(set.name, key, async (folder, finalFolder) => {
    say(`fetch packages ${set.packages.join(', ')}`);
    const downloads = path.join(folder, 'downloads');
    await mkdir(downloads);
    await download(set.packages, downloads, path.join(cache.folder, 'apt'));
    const root = path.join(folder, 'root');
    for (const file of await readdir(downloads)) {
      if (file.endsWith('.deb')) await output(['dpkg-deb', '-x', path.join(downloads, file), root]);
    }
    // Debian merged /lib, /bin and /sbin into /usr, but some packages still bring the old folders.
    for (const name of ['lib', 'bin', 'sbin']) {
      if (!(await exists(path.join(root, name)))) continue;
      await cp(path.join(root, name), path.join(root, 'usr', name), { recursive: true, verbatimSymlinks: true });
      await rm(path.join(root, name), { recursive: true });
      await symlink(`usr/${name}`, path.join(root, name));
    }
    await chmod(root, 0o755);
    await rm(downloads, { recursive: true });
    for (const folderOfDocuments of ['doc', 'man', 'locale', 'info']) {
      await rm(path.join(root, 'usr/share', folderOfDocuments), { recursive: true, force: true });
    }
    for (const [from, to] of Object.entries(set.copies ?? {})) {
      await mkdir(path.dirname(path.join(folder, to)), { recursive: true });
      await copyFile(path.join(folder, 'root', from), path.join(folder, to));
    }
    for (const [name, tools] of Object.entries({ bin: set.tools, legacy: set.legacyTools ?? {} })) {
      await mkdir(path.join(folder, name));
      for (const [tool, file] of Object.entries(tools)) {
        if (!(await exists(path.join(folder, 'root', file)))) throw unavailable(`the packages have no ${file}.`);
        await writeFile(path.join(folder, name, tool), toolScript(finalFolder, file), { mode: 0o755 });
      }
    }
  });
}

/** A script that calls `file` of the packages unpacked in `folder` with the libraries among them. */
export function toolScript(folder: string, file: string): string {
  const root = path.join(folder, 'root');
  const libraries = [`usr/lib/${libraryFolder}`, `usr/lib/${libraryFolder}/systemd`].map((name) =>
    path.join(root, name),
  );
  return [
    '#!/bin/sh',
    `LD_LIBRARY_PATH='${libraries.join(':')}' XTABLES_LIBDIR='${path.join(root, 'usr/lib', libraryFolder, 'xtables')}'`,
    'export LD_LIBRARY_PATH XTABLES_LIBDIR',
    `exec '${path.join(root, file)}' "$@"`,
    '',
  ].join('\n');
}

async function download(packages: readonly string[], folder: string, listFolder: string): Promise<void> {
  // First with the package lists that the machine has, then with fresh ones of our own: the machine's stay as they are.
  const asUser = ['-q', '-o', 'APT::Sandbox::User=root'];
  const ownLists = ['-o', `Dir::State::lists=${listFolder}/lists`, '-o', `Dir::Cache=${listFolder}/cache`];
  if (await tryDownload(packages, folder, asUser)) return;
  await mkdir(path.join(listFolder, 'lists', 'partial'), { recursive: true });
  await mkdir(path.join(listFolder, 'cache'), { recursive: true });
  const update = await run(['apt-get', 'update', ...asUser, ...ownLists]);
  const failure = { text: '' };
  if (await tryDownload(packages, folder, [...asUser, ...ownLists], failure)) return;
  throw unavailable(update.status === 0 ? failure.text : update.stderr.trim());
}

async function tryDownload(
  packages: readonly string[],
  folder: string,
  options: readonly string[],
  failure?: { text: string },
): Promise<boolean> {
  try {
    const names = await withLibraries(packages, options);
    await output(['apt-get', 'download', ...options, ...names], { folder });
    return true;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    if (failure) failure.text = error.message;
    return false;
  }
}

async function withLibraries(packages: readonly string[], options: readonly string[]): Promise<string[]> {
  const without = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (kind) => `--no-${kind}`,
  );
  const text = await output(['apt-cache', 'depends', '--recurse', ...without, ...options, ...packages]);
  return [...new Set([...packages, ...librariesAmong(text)])];
}

/** Packages of libraries in what `apt-cache depends --recurse` prints; virtual ones stand in angle brackets there. */
export function librariesAmong(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^lib[a-z0-9][a-z0-9.+-]*$|^[a-z0-9.+-]+-libs$/.test(line) && !machineOwn.test(line));
}

function unavailable(cause: string): SandboxFailure {
  return new SandboxFailure({
    code: 'sandbox-packages-unavailable',
    cause: `Debian packages could not be fetched: ${cause}`,
    fix: 'Check that apt’s package sources are reachable (`apt-get update`), then start again.',
  });
}
