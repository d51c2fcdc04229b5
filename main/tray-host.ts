/**
 * Whether somebody shows our tray icon. On Linux a tray needs a host (StatusNotifierItem specification), which some
 * desktops lack; closing the window must then not hide the app. Elsewhere there always is one.
 */
import { execFile } from 'node:child_process';

const watcher = 'org.kde.StatusNotifierWatcher';
const asks: readonly (readonly [string, readonly string[]])[] = [
  ['busctl', ['--user', 'status', watcher]],
  [
    'dbus-send',
    [
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/',
      'org.freedesktop.DBus.GetNameOwner',
      `string:${watcher}`,
    ],
  ],
  [
    'gdbus',
    ['call', '--session', '-d', watcher, '-o', '/StatusNotifierWatcher', '-m', 'org.freedesktop.DBus.Peer.Ping'],
  ],
];

export async function hasTrayHost(platform: NodeJS.Platform = process.platform): Promise<boolean> {
  if (platform !== 'linux') {
    return true;
  }
  for (const [program, args] of asks) {
    const answer = await new Promise<'yes' | 'no' | 'missing'>((resolve) => {
      execFile(program, [...args], { timeout: 2000 }, (error) => {
        const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';
        resolve(error === null ? 'yes' : isMissing ? 'missing' : 'no');
      });
    });
    if (answer !== 'missing') {
      return answer === 'yes';
    }
  }
  return false;
}
