/** The application's menu. Its entries are actions of the window by id (renderer/actions), so that keys stay in one place. */
import { app, Menu, type MenuItemConstructorOptions } from 'electron';
import { windowActions } from './window-actions.ts';
import type { Words } from './words.ts';

export function setAppMenu(words: Words, act: (id: string) => void): void {
  const action = (label: string, id: string): MenuItemConstructorOptions => ({ label, click: () => act(id) });
  const isMac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    {
      label: app.name,
      submenu: [
        action(words.about, windowActions.about),
        { type: 'separator' },
        action(words.settings, windowActions.settings),
        { type: 'separator' },
        { label: words.quit, accelerator: 'CmdOrCtrl+Q', click: () => app.quit() },
      ],
    },
    // The roles of editing bring the keys of copy and paste on macOS.
    {
      label: words.edit,
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: words.view,
      submenu: [
        action(words.palette, windowActions.palette),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
      ],
    },
    {
      label: words.window,
      submenu: [{ role: 'minimize' }, { role: 'close' }, ...(isMac ? [{ role: 'front' } as const] : [])],
    },
    {
      label: words.help,
      submenu: [action(words.shortcuts, windowActions.shortcuts), action(words.diagnostics, windowActions.diagnostics)],
    },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
