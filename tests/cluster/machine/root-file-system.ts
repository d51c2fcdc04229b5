/** The root file system of a Debian desktop, made of packages in the cache, as the machine itself is left alone. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BuildCache, keyOf } from '../../../sandbox/build-cache.ts';

/** What a desktop has, and what looks at the files that a package brings; the package's own dependencies among them. */
const packages = [
  ...['systemd-sysv', 'dbus', 'polkitd', 'ca-certificates', 'iproute2', 'curl', 'procps', 'bash-completion'],
  ...['libgtk-3-0', 'libnotify4', 'libnss3', 'libxss1', 'libxtst6', 'xdg-utils', 'libatspi2.0-0', 'libuuid1'],
  ...[
    'libsecret-1-0',
    'libasound2',
    'libgbm1',
    'fonts-dejavu-core',
    'xvfb',
    'xauth',
    'x11-utils',
    'xdotool',
    'dbus-x11',
  ],
  ...['desktop-file-utils', 'appstream', 'gtk-update-icon-cache'],
];

const release = readFileSync('/etc/os-release', 'utf8');

/** Why no such computer can be made here; empty where one can. */
export function whyNoComputer(): string {
  if (process.arch !== 'x64') {
    return 'the packages of the tests are for x64';
  }
  return existsSync('/usr/bin/mmdebstrap') ? '' : 'needs the Debian package mmdebstrap';
}

/** Answers its folder. The first time takes half a minute and more. */
export function rootFileSystem(): Promise<string> {
  const cache = new BuildCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'slipway', 'computers'));
  return cache.provide('debian', keyOf(release, process.arch, ...packages), async (folder) => {
    const codeName = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] ?? 'stable';
    const options = ['--mode=root', '--variant=minbase', '--format=directory', `--include=${packages.join(',')}`];
    const quietly = ['--quiet', '--aptopt=APT::Install-Recommends "false"', '--dpkgopt=path-exclude=/usr/share/doc/*'];
    execFileSync('mmdebstrap', [...options, ...quietly, codeName, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    chmodSync(folder, 0o755);
  });
}
