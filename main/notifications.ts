/** Shows what a user is told who does not look: the notices of app/hosts/notices.ts as the system's notifications. */
import { Notification } from 'electron';
import type { Snapshot } from '../app/contract/index.ts';
import { type NoticeMemory, notice } from '../app/hosts/notices.ts';
import type { Words } from './words.ts';

export interface Notifications {
  hear(snapshot: Snapshot): void;
}

export function createNotifications(words: () => Words, isWanted: () => boolean, clicked: () => void): Notifications {
  let memory: NoticeMemory = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function hear(snapshot: Snapshot): void {
    clearTimeout(timer);
    const now = Date.now();
    const noticed = notice(memory, snapshot, now);
    memory = noticed.memory;
    if (noticed.lookAgainAt !== null) {
      timer = setTimeout(() => hear(snapshot), noticed.lookAgainAt - now);
    }
    if (!isWanted() || !Notification.isSupported()) {
      return;
    }
    for (const one of noticed.notices) {
      const shown = new Notification({ title: 'Slipway', body: words().notice[one.kind](one.context, one.problem) });
      shown.on('click', clicked);
      shown.show();
    }
  }
  return { hear };
}
