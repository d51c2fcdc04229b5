import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildCache, exists, keyOf } from './build-cache.ts';
import { CommandFailure, output } from './commands.ts';
import { debianSuite, findMirrors } from './debian-mirror.ts';
import { buildArchiveReader } from './go-builds.ts';
import { withLock } from './lock.ts';
import { SandboxFailure, type SandboxProblem } from './problems.ts';

/** Debian packages that belong together, and which of their programs are called. */
export interface PackageSet {
  name: string;
  packages: readonly string[];
  /** Called name to path in the unpacked packages. */
  tools: Readonly<Record<string, string>>;
  /** Symbolic links that an installation would have made: path in the unpacked packages to target. */
  links?: Readonly<Record<string, string>>;
  /** A busybox: what its small programs are called is linked to it in `usr/bin`, unless another package has it. */
  busybox?: string;
  /** Files that are also put into a folder where nothing else is. */
  copies?: Readonly<Record<string, string>>;
}

const isArm = process.arch === 'arm64';

/** Debian's name of the folder for this machine's libraries. */
export const libraryFolder = isArm ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

/** The dynamic loader of the unpacked C library. */
const loader = `usr/lib/${libraryFolder}/${isArm ? 'ld-linux-aarch64.so.1' : 'ld-linux-x86-64.so.2'}`;

/** Where in a node's tree the programs of iptables(8) are, on each of the two interfaces of the kernel. */
export const packetFilters = { nft: '/usr/local/iptables-nft', legacy: '/usr/local/iptables-legacy' } as const;

/** A node's whole file tree, and what the sandbox itself needs of a machine. */
export const clusterPackages: PackageSet = {
  name: 'packages-cluster',
  packages: [
    ...['base-files', 'busybox-static', 'mount', 'util-linux', 'iproute2'],
    ...['containerd', 'runc', 'containernetworking-plugins', 'iptables', 'conntrack', 'nftables'],
  ],
  tools: {
    ip: 'usr/bin/ip',
    nsenter: 'usr/bin/nsenter',
    unshare: 'usr/bin/unshare',
    iptables: 'usr/sbin/iptables-nft',
  },
  links: { ...iptablesOf('nft'), ...iptablesOf('legacy') },
  busybox: 'usr/bin/busybox',
};

function iptablesOf(kind: keyof typeof packetFilters): Record<string, string> {
  return Object.fromEntries(
    ['iptables', 'ip6tables'].flatMap((family) =>
      ['', '-save', '-restore'].map((ending) => [
        `${packetFilters[kind].slice(1)}/${family}${ending}`,
        `../../sbin/${family}-${kind}${ending}`,
      ]),
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

/**
 * Unpacks the set's packages and the libraries that they need, the C library among them, into `root/` of a folder of the
 * cache, with `bin/` of scripts that call the tools from outside of that tree. Nothing is installed, and nothing of the
 * machine but its kernel and its shell is needed. Throws SandboxFailure.
 */
export async function unpackPackages(cache: BuildCache, set: PackageSet, say: (text: string) => void): Promise<string> {
  const key = keyOf(debianSuite, process.arch, JSON.stringify(set), 'layout 4');
  return cache.provide(
    set.name,
    key,
    async (folder, finalFolder) => {
      const reader = await buildArchiveReader(cache, say);
      const root = path.join(folder, 'root');
      await mkdir(root);
      const archive = path.join(cache.folder, 'debian-archive');
      // One at a time: what one has unpacked it removes from what was fetched.
      const wait = () => say('another process fetches Debian packages: wait for it');
      await withLock(archive, wait, () => readArchive(reader, archive, set.packages, root, say));
      await makeLinks(root, set);
      for (const [from, to] of Object.entries(set.copies ?? {})) {
        await mkdir(path.dirname(path.join(folder, to)), { recursive: true });
        await copyFile(path.join(root, from), path.join(folder, to));
      }
      await mkdir(path.join(folder, 'bin'));
      for (const [tool, file] of Object.entries(set.tools)) {
        if (!(await exists(path.join(root, file)))) throw incomplete(file);
        await writeFile(path.join(folder, 'bin', tool), toolScript(finalFolder, file), { mode: 0o755 });
      }
    },
    () => say(`another process unpacks ${set.name}: wait for it`),
  );
}

/** Runs sandbox/debian, and tells what it tells. */
async function readArchive(
  program: string,
  cache: string,
  packages: readonly string[],
  tree: string,
  say: (text: string) => void,
): Promise<void> {
  const { main, security, ...told } = await findMirrors();
  const request = {
    suites: [
      { name: debianSuite, mirrors: main },
      { name: `${debianSuite}-security`, mirrors: security },
    ],
    architecture: isArm ? 'arm64' : 'amd64',
    packages,
    tree,
    cache,
    ...told,
  };
  let rest = '';
  let problem: SandboxProblem | undefined;
  const hear = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.filter((one) => one.startsWith('{'))) {
      const report: { progress?: string; problem?: SandboxProblem } = JSON.parse(line);
      if (report.progress) say(report.progress);
      problem ??= report.problem;
    }
  };
  try {
    await output([program], { input: JSON.stringify(request), onOutput: hear });
  } catch (error) {
    if (problem && error instanceof CommandFailure) throw new SandboxFailure(problem);
    throw error;
  }
}

async function makeLinks(root: string, set: PackageSet): Promise<void> {
  const links = Object.entries(set.links ?? {});
  if (set.busybox) {
    const names = (await output([path.join(root, set.busybox), '--list'])).split('\n').filter(Boolean);
    const target = path.basename(set.busybox);
    for (const name of names) {
      const taken = await Promise.all(['bin', 'sbin'].map((one) => exists(path.join(root, 'usr', one, name))));
      if (!taken.includes(true)) links.push([`usr/bin/${name}`, target]);
    }
  }
  for (const [link, target] of links) {
    await mkdir(path.dirname(path.join(root, link)), { recursive: true });
    await symlink(target, path.join(root, link));
  }
}

/**
 * A script that calls `file` of the packages unpacked in `folder` by their own loader and with their own libraries,
 * whatever C library the machine has; `modules` are further folders of what it may load. What the program then starts itself gets nothing of that.
 */
export function toolScript(folder: string, file: string, modules: readonly string[] = []): string {
  const root = path.join(folder, 'root');
  const own = [`usr/lib/${libraryFolder}`, `usr/lib/${libraryFolder}/systemd`].map((name) => path.join(root, name));
  const libraries = [...own, ...modules];
  const program = path.join(root, file);
  return [
    '#!/bin/sh',
    `export XTABLES_LIBDIR='${path.join(root, 'usr/lib', libraryFolder, 'xtables')}'`,
    `exec '${path.join(root, loader)}' --library-path '${libraries.join(':')}' --argv0 '${program}' '${program}' "$@"`,
    '',
  ].join('\n');
}

function incomplete(file: string): SandboxFailure {
  return new SandboxFailure({
    code: 'sandbox-packages-unavailable',
    cause: `Debian’s packages have no ${file}.`,
    fix: 'Name another mirror of Debian by SLIPWAY_DEBIAN_MIRROR, then start again.',
  });
}
