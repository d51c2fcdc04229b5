/**
 * Shows a node of the sandbox on a machine with cgroup version 2 alone: Debian's user-mode-linux boots such a kernel as
 * an ordinary process over this machine's files, and inside.ts runs there. `npm run prove-cgroup2`.
 *
 * What it does not show: kube-proxy's rules and pods' networks (that kernel's nf_tables has no NAT), cpusets (it has no
 * such controller), and more than one processor.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BuildCache } from '../build-cache.ts';
import { unpackPackages } from '../debian-packages.ts';
import { prepareMaterials } from '../materials.ts';
import { cacheFolder } from '../options.ts';

const machine = {
  name: 'packages-user-mode-linux',
  packages: ['user-mode-linux'],
  tools: { linux: 'usr/bin/linux.uml' },
};

/** Kernel modules that a node needs and that kernel has. */
const wanted = ['veth', 'overlay', 'nf_conntrack', 'xt_conntrack', 'xt_MASQUERADE', 'xt_comment', 'iptable_nat'];

/** A boot takes seconds; unpacking images and starting kubelet on one slow processor minutes. Milliseconds. */
const deadline = 480_000;

/** Files of modules in the order in which they must be loaded (modules.dep(5)). */
export function loadOrder(dependencies: string, names: readonly string[]): string[] {
  const needs = new Map(
    dependencies
      .split('\n')
      .filter(Boolean)
      .map((line): [string, string[]] => {
        const [file = '', rest = ''] = line.split(':');
        return [file, rest.split(' ').filter(Boolean)];
      }),
  );
  const order = new Set<string>();
  const add = (file: string) => {
    for (const needed of (needs.get(file) ?? []).toReversed()) if (!order.has(needed)) add(needed);
    order.add(file);
  };
  for (const name of names) {
    const file = [...needs.keys()].find((each) => path.basename(each) === `${name}.ko`);
    if (file !== undefined) add(file);
  }
  return [...order];
}

async function prove(): Promise<boolean> {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const cache = new BuildCache(cacheFolder());
  const kernel = path.join(await unpackPackages(cache, machine, say), 'root/usr');
  const materials = await prepareMaterials(cacheFolder(), ['plain'], say);
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-cgroup2-'));
  try {
    const modules = path.join(kernel, 'lib/uml/modules');
    const [release = ''] = await readdir(modules);
    const order = loadOrder(await readFile(path.join(modules, release, 'modules.dep'), 'utf8'), wanted);
    const busybox = path.join(materials.packages, 'root/usr/bin/busybox');
    const inside = { folder: path.join(folder, 'result'), tree: '/mnt/root', images: materials.images };
    await mkdir(inside.folder);
    await writeFile(
      path.join(folder, 'init'),
      initScript({
        tree: path.join(materials.packages, 'root'),
        shown: materials.cache,
        load: order.map((file) => `${busybox} insmod ${path.join(modules, release, file)}`),
        command: [
          process.execPath,
          path.join(import.meta.dirname, 'inside.ts'),
          JSON.stringify({ ...inside, kubelet: path.join(materials.binaries.kubernetes, 'kubelet') }),
        ],
      }),
      { mode: 0o755 },
    );
    say('boot a kernel with cgroup version 2 alone');
    await boot(path.join(kernel, 'bin/linux.uml'), path.join(folder, 'init'), folder);
    const result = await readFile(path.join(inside.folder, 'result.txt'), 'utf8').catch(() => 'nothing was reported');
    process.stdout.write(`${result}\n`);
    return result.startsWith('shown:');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Init {
  /** The unpacked packages that the node's file tree is made of. */
  tree: string;
  /** The folder that it sees of this machine beside. */
  shown: string;
  load: readonly string[];
  command: readonly string[];
}

function initScript({ tree, shown, load, command }: Init): string {
  return [
    '#!/bin/sh',
    'export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root',
    // Without its own mounts it would write to this machine's: it ends instead, and with it the other kernel.
    'set -e',
    'mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /mnt',
    // Nothing of this machine's own is written to: what a node writes goes into memory.
    'mount -t tmpfs tmpfs /var/lib; mount -t tmpfs tmpfs /var/log',
    'mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts; mount -t tmpfs shm /dev/shm',
    'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    'set +e',
    ...load,
    'hostname unified; ip link set lo up; ip link add out type veth peer name in',
    'ip address add 10.99.0.2/24 dev out; ip link set out up; ip link set in up; ip route add default via 10.99.0.1',
    // cAdvisor reads the clock speed there, and that kernel tells none.
    '(cat /proc/cpuinfo; printf "cpu MHz\\t\\t: 1000.000\\n") > /run/cpuinfo; mount --bind /run/cpuinfo /proc/cpuinfo',
    // A node's own file tree, as the sandbox's nodes have it: a mount of its own, as runc demands of its root.
    `mkdir -p /mnt/root /mnt/node; mount -t tmpfs tmpfs /mnt/root; cp -a ${tree}/. /mnt/root`,
    'echo root:x:0:0:root:/root:/bin/sh > /mnt/root/etc/passwd; echo 127.0.0.1 localhost > /mnt/root/etc/hosts',
    ': > /mnt/root/etc/resolv.conf',
    `for folder in /proc /sys /dev /run /var/lib /var/log /mnt/node ${shown}`,
    'do mkdir -p /mnt/root$folder; mount --rbind $folder /mnt/root$folder; done',
    // Not what it is mounted in: pivot_root(2) refuses that.
    'mount --make-rshared /mnt/root',
    command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' '),
    'sync; grep -q "User Mode Linux" /proc/cpuinfo && echo o > /proc/sysrq-trigger; sleep 10',
    '',
  ].join('\n');
}

/** Settles when it is powered down, or when it was ended because it took too long. */
function boot(kernel: string, init: string, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = [
      'rootfstype=hostfs',
      'rootflags=/',
      'rw',
      'mem=3072M',
      `init=${init}`,
      'con=null',
      'con0=fd:0,fd:1',
    ];
    const child = spawn(kernel, options, {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { ...process.env, TMPDIR: folder, HOME: folder },
      detached: true,
    });
    const timer = setTimeout(() => process.kill(-(child.pid ?? Number.NaN), 'SIGKILL'), deadline);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

if (process.argv[1] === import.meta.filename) process.exitCode = (await prove()) ? 0 : 1;
