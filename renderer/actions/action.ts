/**
 * One thing that a user can do. Buttons, the palette, the keyboard, the menu and the tray all take it from the registry,
 * so that it has one name, one key and one condition everywhere.
 */
import type { LucideIcon } from 'lucide-react';
import type { HostKind } from '../host/host.ts';
import type { App } from '../store/app.ts';
import type { Say, WordId } from '../words/words.ts';

export interface ActionContext {
  readonly app: App;
  readonly say: Say;
}

export type ActionGroup = 'go' | 'connection' | 'service' | 'look' | 'help';

export interface Action {
  /** Also what the menu and the tray call it. */
  readonly id: string;
  readonly words: WordId;
  readonly group: ActionGroup;
  readonly icon: LucideIcon;
  /** `Mod+K`, `/`, `C`: see shell/keys.ts. Without Mod it is not heard in text fields. */
  readonly keys?: string;
  /** Instead of `keys` in a browser, where the browser keeps those for itself. */
  readonly browserKeys?: string;
  /** What the shortcut sheet shows instead of `keys`, where one row stands for several. */
  readonly keysShown?: string;
  /** Not in the palette: it only makes sense as a key. */
  readonly isKeyOnly?: boolean;
  isAvailable(context: ActionContext): boolean;
  run(context: ActionContext): void | Promise<void>;
}

/** The keys of an action where the window is carried so. */
export const keysOf = ({ keys, browserKeys }: Action, host: HostKind): string | undefined =>
  host === 'web' ? (browserKeys ?? keys) : keys;
