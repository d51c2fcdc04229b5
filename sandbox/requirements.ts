import { access, constants, readdir, readFile, readlink, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { AddressPlan } from './address-plan.ts';
import { isUnified, missingControllers } from './cgroups.ts';
import { run } from './commands.ts';
import { neededSpace } from './footprint.ts';
import { flavourOf, type SandboxSettings } from './options.ts';
import type { SandboxProblem } from './problems.ts';

/** What the sandbox calls and does not bring along, and what has it: every other program comes with its Debian packages. */
const tools = {
  go: 'Go (1.26 or later, from go.dev)',
  sh: 'a shell such as dash',
} as const;
type Tool = keyof typeof tools;

/**
 * Everything that keeps this machine from running a sandbox, found before anything is built
 * or changed. `folders` are those that a node or laptop must still see.
 */
export async function findProblems(
  plan: AddressPlan,
  folders: { cache: string; state: string },
  settings: SandboxSettings,
  has: { built: boolean; running: boolean },
): Promise<SandboxProblem[]> {
  if (process.platform !== 'linux') {
    return [
      {
        code: 'sandbox-not-linux',
        cause: `The sandbox needs Linux, and this is ${process.platform}.`,
        fix: 'Use a Linux machine or virtual machine, or a cluster of your own.',
      },
    ];
  }
  const problems: SandboxProblem[] = [];
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    problems.push({
      code: 'sandbox-architecture',
      cause: `The sandbox runs on x64 and arm64, and this is ${process.arch}.`,
      fix: 'Use another machine.',
    });
  }
  if (process.getuid?.() !== 0) {
    problems.push({
      code: 'sandbox-not-root',
      cause: 'The sandbox makes namespaces and cgroups, and you are not root.',
      fix: 'Start it in a terminal, where `slipway sandbox up` asks sudo, or as root in a virtual machine.',
    });
  }
  const [missing, kernel, lan] = await Promise.all([missingTools(), kernelProblems(settings), lanProblem(plan)]);
  const watchers = has.running ? [] : await watcherProblem(settings);
  return [...problems, ...missing, ...kernel, ...lan, ...watchers, ...(await folderProblems(folders, has.built))];
}

async function missingTools(): Promise<SandboxProblem[]> {
  const folders = (process.env.PATH ?? '').split(':');
  const missing: Tool[] = [];
  for (const tool of Object.keys(tools) as Tool[]) {
    const found = await Promise.all(folders.map((folder) => canRun(path.join(folder, tool))));
    if (!found.includes(true)) missing.push(tool);
  }
  return toolProblems(missing);
}

export function toolProblems(missing: readonly Tool[]): SandboxProblem[] {
  if (missing.length === 0) return [];
  return [
    {
      code: 'sandbox-tool-missing',
      cause: `Not found in PATH: ${missing.join(', ')}.`,
      fix: `Install ${missing.map((tool) => tools[tool]).join(', ')}.`,
    },
  ];
}

function canRun(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function kernelProblems(settings: SandboxSettings): Promise<SandboxProblem[]> {
  const problems: SandboxProblem[] = [];
  if (missingControllers().length > 0) {
    problems.push({
      code: 'sandbox-cgroups-unusable',
      cause: `These cgroup controllers are not in /sys/fs/cgroup: ${missingControllers().join(', ')}.`,
      fix: 'Mount them, or start the container that this is with the machine’s cgroups.',
    });
  } else if (!(await canWrite(isUnified() ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory'))) {
    problems.push({
      code: 'sandbox-cgroups-unusable',
      cause: 'The cgroups in /sys/fs/cgroup cannot be written.',
      fix: 'Start as root, outside of an unprivileged container.',
    });
  }
  // Where there is no unshare(1), the first space tells it.
  const tried = await run(['unshare', '--net', '--mount', '--pid', '--fork', 'true']).catch(() => undefined);
  if (tried !== undefined && tried.status !== 0) {
    problems.push({
      code: 'sandbox-kernel-feature-missing',
      cause: `Namespaces cannot be made here: ${tried.stderr.trim()}.`,
      fix: 'Start as root, outside of an unprivileged container.',
    });
  }
  if ((settings.dualStack || settings.ipv6Only) && !(await canWrite('/proc/sys/net/ipv6/conf/all/forwarding'))) {
    problems.push({
      code: 'sandbox-kernel-feature-missing',
      cause: 'This machine’s kernel has no IPv6, and this sandbox needs it.',
      fix: 'Start it without ipv6.disable=1, or the sandbox without --dual-stack and --ipv6-only.',
    });
  }
  if (!(await canWrite('/dev/net/tun'))) {
    problems.push({
      code: 'sandbox-no-tun',
      cause: 'There is no /dev/net/tun to write to, and without it no laptop can be connected.',
      fix: 'Load the module (`modprobe tun`), or give the device to the container that this is.',
    });
  }
  return problems;
}

function canWrite(file: string): Promise<boolean> {
  return access(file, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** The LAN must not hide a network that this machine already uses. */
async function lanProblem(plan: AddressPlan): Promise<SandboxProblem[]> {
  const routes = routesInside(plan.lan, await readFile('/proc/net/route', 'utf8').catch(() => ''));
  const colliding = routes.find((route) => route.device !== plan.machineInterface);
  if (!colliding) return [];
  return [
    {
      code: 'sandbox-lan-collides',
      cause: `The sandbox’s LAN ${plan.lan} is in use: ${colliding.range} on ${colliding.device}.`,
      fix: 'Choose another with --lan, such as 10.86.0.0/24.',
    },
  ];
}

/** The routes of /proc/net/route (proc(5)) to parts of a range; addresses in it are in the machine's byte order, the lowest byte first. */
export function routesInside(range: string, text: string): { range: string; device: string }[] {
  const [network = '', bits = ''] = range.split('/');
  const wanted = network.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - Number(bits));
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .flatMap(([device = '', address = '', , , , , , mask = '']) => {
      const bytes = (hexadecimal: string) => [...Buffer.from(hexadecimal, 'hex')].reverse();
      const first = bytes(address).reduce((sum, byte) => sum * 256 + byte, 0);
      const length = bytes(mask).reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
      const isInside = address.length === 8 && length >= Number(bits) && first >= wanted && first < wanted + size;
      return isInside ? [{ range: `${bytes(address).join('.')}/${length}`, device }] : [];
    });
}

/**
 * inotify instances are counted per user of the machine, over all namespaces. Counted on Kubernetes
 * 1.34: 12 of the control plane, 8 of each node, 2 of a laptop with systemd-resolved.
 */
async function watcherProblem(settings: SandboxSettings): Promise<SandboxProblem[]> {
  const needed = 12 + 8 * settings.nodes + 2 * settings.laptops.filter((name) => flavourOf(name) === 'resolved').length;
  const limit = Number(await readFile('/proc/sys/fs/inotify/max_user_instances', 'utf8').catch(() => 'NaN'));
  const used = await watchersInUse();
  if (Number.isNaN(limit) || used + needed <= limit) return [];
  return [
    {
      code: 'sandbox-watchers-exhausted',
      cause: `The sandbox needs ${needed} inotify instances; ${used} of the ${limit} that a user may have are in use.`,
      fix: `Run \`sysctl fs.inotify.max_user_instances=${limit + 512}\`, or end another sandbox.`,
    },
  ];
}

async function watchersInUse(): Promise<number> {
  let count = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    const owner = await stat(`/proc/${pid}`).catch(() => undefined);
    if (owner?.uid !== process.getuid?.()) continue;
    for (const name of await readdir(folder).catch(() => [])) {
      if ((await readlink(path.join(folder, name)).catch(() => '')) === 'anon_inode:inotify') count++;
    }
  }
  return count;
}

async function folderProblems(folders: { cache: string; state: string }, isBuilt: boolean): Promise<SandboxProblem[]> {
  const problems: SandboxProblem[] = [];
  for (const folder of Object.values(folders)) {
    const hiding = ['/run', '/var/run', '/var/lib', '/var/log', '/proc', '/sys', '/etc'].find((top) =>
      `${folder}/`.startsWith(`${top}/`),
    );
    if (!hiding) continue;
    problems.push({
      code: 'sandbox-folder-hidden',
      cause: `${folder} is below ${hiding}, which every space of the sandbox has for itself.`,
      fix: 'Set XDG_CACHE_HOME and SLIPWAY_SANDBOX_STATE to other folders.',
    });
  }
  // A Unix socket's path has at most 107 characters (unix(7)).
  if (folders.state.length > 70) {
    problems.push({
      code: 'sandbox-folder-hidden',
      cause: `The path ${folders.state} is too long for the sockets in it.`,
      fix: 'Set SLIPWAY_SANDBOX_STATE to a folder with a path of at most 50 characters.',
    });
  }
  const disk = await statfs(existingParent(folders.cache)).catch(() => undefined);
  if (!isBuilt && disk && disk.bavail * disk.bsize < neededSpace) {
    problems.push({
      code: 'sandbox-disk-full',
      cause: `Less than 5 GB are free for ${folders.cache} and Go’s caches.`,
      fix: 'Make room, or set XDG_CACHE_HOME to another disk.',
    });
  }
  return problems;
}

/** `~/.cache` may not be there yet; the disk is that of the home folder then. */
function existingParent(folder: string): string {
  return path.resolve(folder, '../../..');
}
