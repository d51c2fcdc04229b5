/**
 * The one place where a user's core is found, whoever looks: a terminal, `su -`, cron, ssh, a service. It follows no
 * environment variable, because those differ between them, and no runtime folder of a login, which logind removes with
 * the last session: it is below the home folder that passwd(5) names.
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';

/** File systems on which no socket can be made, or only as some servers allow it: f_type of statfs(2). */
const withoutSockets = new Set([
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9P
  0x65735546, // FUSE
  0x786f4256, // VirtualBox shared folders
]);

/** Bytes of a socket's path on every system (sun_path, unix(7)). */
const longestSocket = 103;

export interface User {
  /** Numeric id; null where the system has none. */
  readonly id: number | null;
  /** As passwd(5) says; empty where the user has no entry. */
  readonly home: string;
}

export function thisUser(): User {
  const id = process.getuid?.() ?? null;
  try {
    return { id, home: userInfo().homedir };
  } catch {
    return { id, home: '' }; // a container may run as an id that nobody named
  }
}

/** Absolute. A home that cannot hold a socket gives way to a folder of the user's in the system's temporary one. */
export function userPlace(user: User): string {
  const network = networkName();
  const place = join(user.home, '.local/state/slipway/run', network);
  if (canHoldSocket(user) && Buffer.byteLength(join(place, 'core.sock')) <= longestSocket) {
    return place;
  }
  // tmpdir() follows TMPDIR, which two terminals of one user may set differently: they would start two cores.
  const temporary = process.platform === 'win32' ? tmpdir() : '/tmp';
  return join(temporary, `slipway-${user.id ?? 'user'}-${network}`);
}

/** How long a place that no core touches is kept, in milliseconds: one of another computer is touched every second. */
const keptFor = 7 * 24 * 3600 * 1000;

/** Removes what cores of networks and starts of the computer left that are long over. */
export function forgetOldPlaces(user: User, now: number): void {
  const place = userPlace(user);
  if (!place.startsWith(join(user.home, '.local/state/slipway/run'))) {
    return;
  }
  const folder = dirname(place);
  for (const name of list(folder).filter((each) => /^[0-9a-f]{12}$/.test(each))) {
    const old = join(folder, name);
    if (old !== place && now - newestOf(old) > keptFor) {
      rmSync(old, { recursive: true, force: true });
    }
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function newestOf(folder: string): number {
  return Math.max(
    ...[folder, join(folder, 'core.lock')].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0),
  );
}

/**
 * What a core changes is one network: a network namespace of a running kernel. Homes are shared wider than that, by
 * containers and over NFS by computers.
 */
export function networkName(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const { ino } = statSync('/proc/self/ns/net');
    return createHash('sha256').update(`${boot} ${ino}`).digest('hex').slice(0, 12);
  } catch {
    return 'here'; // no Linux
  }
}

function canHoldSocket({ id, home }: User): boolean {
  try {
    const stat = statSync(home);
    accessSync(home, constants.W_OK | constants.X_OK);
    // Old runtimes (Electron before Node 18.15) cannot tell the file system: all of a user's must come to the same place.
    const type = typeof statfsSync === 'function' ? statfsSync(home).type >>> 0 : 0;
    return stat.isDirectory() && (id === null || stat.uid === id) && !withoutSockets.has(type);
  } catch {
    return false;
  }
}
