/** The tray: an icon for each state and the flat menu of tray-rows.ts. The app is complete without it. */
import { join } from 'node:path';
import { Menu, nativeImage, Tray } from 'electron';
import { type TrayLook, type TrayRow, type TrayState, trayLook, trayRows } from './tray-rows.ts';
import type { Words } from './words.ts';

export interface TrayMenu {
  show(state: TrayState, words: Words): void;
  close(): void;
}

export function openTray(icons: string, chosen: (row: TrayRow) => void, clicked: () => void): TrayMenu {
  const image = (look: TrayLook) => {
    // macOS colours a template image itself; the name makes it one.
    const name = process.platform === 'darwin' ? `tray-${look}Template.png` : `tray-${look}.png`;
    const loaded = nativeImage.createFromPath(join(icons, name));
    if (process.platform === 'darwin') {
      loaded.setTemplateImage(true);
    }
    return loaded;
  };
  const tray = new Tray(image('off'));
  // macOS opens the menu by any click; elsewhere that is the other button's, and the first one shows the window.
  if (process.platform !== 'darwin') {
    tray.on('click', clicked);
  }
  let shown = '';
  let look: TrayLook = 'off';
  return {
    show: (state, words) => {
      const rows = trayRows(state, words);
      const nextLook = trayLook(state);
      if (nextLook !== look) {
        look = nextLook;
        tray.setImage(image(look));
      }
      // A menu that is open closes when it is set anew: only where it differs.
      const text = JSON.stringify(rows);
      if (text === shown) {
        return;
      }
      shown = text;
      tray.setToolTip(`Slipway: ${rows[0]?.kind === 'status' ? rows[0].label : ''}`);
      tray.setContextMenu(
        Menu.buildFromTemplate(
          rows.map((row) =>
            row.kind === 'separator'
              ? { type: 'separator' }
              : { label: row.label, enabled: row.kind !== 'status', click: () => chosen(row) },
          ),
        ),
      );
    },
    close: () => tray.destroy(),
  };
}
