/**
 * Which browser shows the window, and as whom. Root's window is shown by the browser of the person who became root: Chromium
 * refuses to run as root, and one that does would show everything else with root's rights, too.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from '../../adapters/storage/folders.ts';
import { withOwnProfile } from './browser-profile.ts';

/** A user by passwd(5). */
export interface DesktopUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  readonly home: string;
}

export interface BrowserCommand {
  readonly program: string;
  readonly words: readonly string[];
  /** How it takes a profile of its own; absent: it has the user's. */
  readonly profileOption?: string;
  /** Absent: as this process. */
  readonly user?: DesktopUser;
  readonly environment: Environment;
}

/** What is known of the computer; tests have one of their own. */
export interface Desktop {
  readonly platform: NodeJS.Platform;
  readonly userId: number | undefined;
  readonly environment: Environment;
  isOnPath(name: string): boolean;
  isThere(file: string): boolean;
  userOf(uid: number): DesktopUser | null;
}

export function thisDesktop(environment: Environment): Desktop {
  return {
    platform: process.platform,
    userId: process.getuid?.(),
    environment,
    isOnPath: (name) =>
      (environment.PATH ?? '').split(delimiter).some((folder) => may(join(folder, name), constants.X_OK)),
    isThere: (file) => may(file, constants.F_OK),
    userOf,
  };
}

/** Whether a window could be seen here at all. */
export function hasDisplay(environment: Environment, platform: NodeJS.Platform = process.platform): boolean {
  return platform !== 'linux' || Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
}

/** Who became root by sudo or pkexec; null where nobody did, or this is not root. The sandbox tells it to its laptops. */
export function personBehindRoot(desktop: Desktop): DesktopUser | null {
  const { SLIPWAY_DESKTOP_USER, SUDO_UID, PKEXEC_UID } = desktop.environment;
  const uid = Number(SLIPWAY_DESKTOP_USER ?? SUDO_UID ?? PKEXEC_UID);
  const isPerson = desktop.platform === 'linux' && desktop.userId === 0 && Number.isInteger(uid) && uid > 0;
  return isPerson ? desktop.userOf(uid) : null;
}

/** Null where there is no display, nothing that opens files, or nothing that should run as root. */
export function browserFor(file: string, desktop: Desktop): BrowserCommand | null {
  const { platform, environment } = desktop;
  if (!hasDisplay(environment, platform)) {
    return null;
  }
  if (platform !== 'linux') {
    return { program: platform === 'darwin' ? 'open' : 'explorer', words: [file], environment };
  }
  const user = personBehindRoot(desktop);
  const isRootAlone = desktop.userId === 0 && user === null;
  const isOnLaptop = environment.SLIPWAY_IN_SANDBOX === '1';
  const openers = isOnLaptop ? [] : ['xdg-open', 'x-www-browser'];
  const chromiums = ['chromium', 'chromium-browser', 'google-chrome'];
  const candidates = isRootAlone ? ['firefox'] : [...openers, 'firefox', ...chromiums];
  const program = candidates.find((name) => desktop.isOnPath(name));
  if (program === undefined) {
    return null;
  }
  const whose = user === null ? { environment } : { user, environment: environmentOf(user, desktop) };
  if (!isOnLaptop) {
    return { program, words: [file], ...whose };
  }
  // One that is open already is on the machine's network, and would be handed the file if it had the same profile.
  const own =
    program === 'firefox'
      ? { profileOption: '--profile', words: ['--no-remote', file] }
      : { profileOption: '--user-data-dir=', words: ['--no-first-run', file] };
  return { program, ...own, ...whose };
}

/** What root's environment lacks of the person's, and without what tells of root. */
function environmentOf(user: DesktopUser, desktop: Desktop): Environment {
  const kept = Object.entries(desktop.environment).filter(
    ([name]) => !/^(SUDO_|PKEXEC_|SLIPWAY_|KUBECONFIG$)/.test(name),
  );
  const runtime = `/run/user/${user.uid}`;
  const bus = `${runtime}/bus`;
  return {
    ...Object.fromEntries(kept),
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    XAUTHORITY: desktop.environment.XAUTHORITY ?? join(user.home, '.Xauthority'),
    XDG_RUNTIME_DIR: desktop.isThere(runtime) ? runtime : undefined,
    DBUS_SESSION_BUS_ADDRESS: desktop.isThere(bus) ? `unix:path=${bus}` : undefined,
  };
}

/** How long a browser is watched that might not come up, in milliseconds. */
const patience = 2000;

/** True where it runs, or has handed the file over and ended well. */
export async function openBrowser(browser: BrowserCommand): Promise<boolean> {
  const { program, words, profileOption, user, environment } = browser;
  const isPlain = profileOption === undefined;
  const run = isPlain ? { program, words } : { program: 'sh', words: withOwnProfile(profileOption, program, words) };
  const as = user === undefined ? {} : { uid: user.uid, gid: user.gid, cwd: '/' };
  let child: ChildProcess;
  try {
    child = spawn(run.program, run.words, { detached: true, stdio: 'ignore', env: { ...environment }, ...as });
  } catch {
    return false;
  }
  child.unref();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), patience);
    const settle = (isOpen: boolean) => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
}

function may(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

/** By getent(1), which also knows users of a directory service. */
function userOf(uid: number): DesktopUser | null {
  try {
    const line = execFileSync('getent', ['passwd', String(uid)], { encoding: 'utf8', timeout: 5000 });
    const [name = '', , , gid = '', , home = ''] = line.trim().split(':');
    return { uid, gid: Number(gid), name, home };
  } catch {
    return null;
  }
}
