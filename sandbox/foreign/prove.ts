/**
 * Shows the sandbox on a machine without apt, dpkg and any C library at its usual place: `npm run prove-without-apt`.
 * The machine is a space whose file tree has a busybox, this Node with libraries of its own, Go, and nothing else.
 *
 * What it does not show: another kernel, and packages being fetched (that machine has no network; what reads Debian's
 * archive is a static program, and sandbox/debian has its tests).
 */
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { removeCgroup } from '../cgroups.ts';
import { output } from '../commands.ts';
import { prepareMaterials } from '../materials.ts';
import { cacheFolder, type LaptopName } from '../options.ts';
import { Space } from '../space.ts';

const clone = path.resolve(import.meta.dirname, '../..');
const laptops: readonly LaptopName[] = ['plain', 'resolved'];
/** For the whole sandbox, in milliseconds. */
const patience = 420_000;

/** Programs of ordinary machines that this one has not: what the sandbox needs of them it brings along. */
const hidden = [
  ...['apt-get', 'apt-cache', 'dpkg', 'dpkg-deb', 'ldconfig', 'getent', 'containerd', 'runc', 'iptables', 'nft'],
  ...['conntrack', 'ip', 'nsenter', 'unshare', 'mount', 'umount', 'modprobe'],
];

/** Throws where something is not as it should be; tells what was shown. */
async function proveWithoutApt(say: (text: string) => void): Promise<void> {
  const materials = await prepareMaterials(cacheFolder(), laptops, say);
  // Not in /tmp: the machine of the proof has one of its own. On a disk: layers of images cannot lie on layers.
  const folder = await mkdtemp(path.join(cacheFolder(), '.foreign-'));
  const cgroup = `/slipway-machine-${path.basename(folder).replace('.', '')}`;
  const machine = new Space('foreign', { state: folder, logs: folder });
  try {
    const goRoot = (await output(['go', 'env', 'GOROOT'])).trim();
    await makeTree(path.join(folder, 'tree'), path.join(materials.packages, 'root/usr/bin/busybox'));
    await symlink(path.join(materials.packages, 'bin'), path.join(folder, 'tools'));
    const shown = [clone, cacheFolder(), goRoot, path.dirname(await realpath(process.execPath))];
    const definition = { processNamespace: true, cgroup, root: { tree: path.join(folder, 'tree'), shown }, steps: [] };
    await machine.start(definition, path.join(materials.binaries.programs, 'space'));
    const environment = {
      PATH: `/bin:${path.join(goRoot, 'bin')}`,
      HOME: '/root',
      XDG_CACHE_HOME: path.resolve(cacheFolder(), '../..'),
      SLIPWAY_SANDBOX_STATE: path.join(folder, 'state'),
      GOTOOLCHAIN: 'local',
    };
    const there = async (...command: string[]) => {
      const result = await machine.run(['/bin/env', '-i', ...wordsOf(environment), ...command], {
        ownProcesses: true,
        deadline: patience,
        onOutput: command.includes('up') ? say : undefined,
      });
      if (result.status !== 0) throw new Error(`${command.join(' ')}: ${result.stdout}${result.stderr}`);
      return result.stdout;
    };
    const sandbox = (command: string, ...words: string[]) =>
      there('node', path.join(clone, 'sandbox/main.ts'), command, '--name', 'foreign', ...words);
    const found = await there('sh', '-c', `cd /bin; ls -d ${hidden.join(' ')} /lib/* /usr/lib/* 2>/dev/null; true`);
    if (found.trim() !== '') throw new Error(`that machine has ${found}`);
    say(`its check: ${(await sandbox('check')).trim()}`);
    await sandbox('up', '--no-machine-link', ...laptops.flatMap((name) => ['--laptop', name]));
    const kubectl = (...words: string[]) => sandbox('kubectl', '--', ...words);
    say(await kubectl('get', 'nodes', '-o', 'wide'));
    say(await kubectl('-n', 'infra', 'exec', 'toolbox', '--', '/workload', 'get', 'http://orders.webshop/'));
    for (const name of laptops) {
      say(`${name}: ${await sandbox('run', '--laptop', name, '--', 'curl', '-sS', 'http://www.example.test/')}`);
    }
    await sandbox('down');
  } finally {
    await machine.destroy();
    for (const name of [cgroup, '/slipway-foreign']) await removeCgroup(name);
    await rm(folder, { recursive: true, force: true });
  }
}

const wordsOf = (environment: Record<string, string>) =>
  Object.entries(environment).map(([name, value]) => `${name}=${value}`);

/** A file tree with nothing but a busybox, and a Node whose libraries nothing else finds. */
async function makeTree(tree: string, busybox: string): Promise<void> {
  for (const name of [
    'bin',
    'lib',
    'usr/lib',
    'etc',
    'root',
    'var/lib',
    'var/log',
    'tmp',
    'proc',
    'sys',
    'dev',
    'run',
    'opt',
  ]) {
    await mkdir(path.join(tree, name), { recursive: true });
  }
  await copyFile(busybox, path.join(tree, 'bin/busybox'));
  for (const name of (await output([busybox, '--list'])).split('\n')) {
    if (name && name !== 'busybox' && !hidden.includes(name)) await symlink('busybox', path.join(tree, 'bin', name));
  }
  const text = async (name: string, content: string, mode = 0o644) =>
    writeFile(path.join(tree, name), content, { mode });
  await text('etc/os-release', 'PRETTY_NAME="A system that is not Debian"\nID=foreign\n');
  await text('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n');
  await text('etc/group', 'root:x:0:\n');
  const libraries = (await output(['ldd', process.execPath])).match(/\/\S+/g) ?? [];
  let loader = '';
  for (const library of libraries) {
    const name = path.basename(library);
    await copyFile(library, path.join(tree, 'opt', name));
    if (name.startsWith('ld-')) loader = name;
  }
  const node = await realpath(process.execPath);
  await text('bin/node', `#!/bin/sh\nexec /opt/${loader} --library-path /opt ${node} "$@"\n`, 0o755);
}

if (process.argv[1] === import.meta.filename) {
  await proveWithoutApt((text) => process.stderr.write(`${text.trimEnd()}\n`));
  process.stdout.write('shown: the sandbox without apt, dpkg and the machine’s C library\n');
}
