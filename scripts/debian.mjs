// Debian packages that only tests need: installed on Debian as root, named elsewhere. Never anything that changes the
// machine's own network (systemd-resolved, NetworkManager): those are unpacked into namespaces by the sandbox.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Chromium for the window's tests. */
export const browserPackages = ['chromium', 'fonts-dejavu-core', 'fonts-noto-cjk'];

/** What the test Electron and its X server, window manager and tray need. */
export const desktopPackages = [
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libxss1',
  'libgbm1',
  'libnotify4',
  'libxtst6',
  'libsecret-1-0',
  'dbus',
  'dbus-x11',
  'xvfb',
  'openbox',
  'trayer',
  'xdotool',
  'x11-utils',
  'x11-apps',
  'imagemagick',
  'fonts-dejavu-core',
];

/** What makes the root file system of a computer that systemd runs. */
export const computerPackages = ['mmdebstrap'];

/** What builds packages for tests. */
export const packagingPackages = ['p7zip-full'];

function missing(names) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format
  const format = '${Package} ${db:Status-Abbrev}\n';
  const answer = spawnSync('dpkg-query', ['-W', '-f', format, ...names], { encoding: 'utf8' });
  const installed = new Set(
    (answer.stdout ?? '')
      .split('\n')
      .filter((line) => / ii/.test(line))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

/** Installs what is missing; answers why it could not, empty where all is there. */
export function ensureDebianPackages(say, names) {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-query')) {
    return `needs ${names.join(', ')} (Debian)`;
  }
  const wanted = missing(names);
  if (wanted.length === 0) {
    return '';
  }
  if (process.getuid?.() !== 0) {
    return `needs the Debian packages ${wanted.join(', ')}`;
  }
  say(`installing Debian packages: ${wanted.join(', ')}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (args) =>
    spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env: environment });
  apt(['update']);
  apt(['install', '-y', '--no-install-recommends', ...wanted]);
  const left = missing(names);
  return left.length === 0 ? '' : `could not install ${left.join(', ')}`;
}
