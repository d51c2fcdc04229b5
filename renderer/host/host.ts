/**
 * What the window needs of whoever carries it: a link to the core that survives losses, and the few abilities that
 * differ between Electron, a browser and a test. Everything else of the window is the same everywhere.
 */
import type { CoreLink } from '../../app/contract/index.ts';

/** How the core is reached right now. Times are milliseconds since the epoch. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live'; readonly build: string }
  | { readonly kind: 'lost'; readonly why: string; readonly since: number; readonly nextTryAt: number | null }
  /** The core speaks another protocol: waiting does not help. */
  | { readonly kind: 'other-version'; readonly build: string };

/**
 * A CoreLink that is made again when it was lost: watches and subscriptions go on by themselves (a subscription
 * starts with the whole again); a call that was under way answers with the problem `core-unreachable`.
 */
export interface HostLink extends Pick<CoreLink, 'call' | 'watch' | 'subscribe'> {
  /** The listener hears the present state at once and every later one. Returns what ends the watch. */
  watchState(listener: (state: LinkState) => void): () => void;
  /** Tries now instead of at `nextTryAt`. */
  retryNow(): void;
}

export type HostKind = 'electron' | 'web' | 'memory';
export type Platform = 'linux' | 'darwin' | 'win32';

export interface HostAbilities {
  readonly kind: HostKind;
  readonly platform: Platform;
  readonly link: HostLink;
  /** Opens an http or https address in the user's browser; false where it was refused. */
  openExternal(url: string): Promise<boolean>;
  /** False where the clipboard refused. */
  copyText(text: string): Promise<boolean>;
  /** Absolute paths by the system's dialog; null where the host has none: use an `<input type="file">` and send text. */
  pickKubeconfigs(): Promise<readonly string[]> | null;
  /** The path of a dropped file; null where the host does not tell: send its text. */
  pathOfFile(file: File): string | null;
  /** Where to write a report; empty: the core's default (a browser cannot choose); null: the user chose not to. */
  pickReportPath(suggestedName: string): Promise<string | null>;
  setTheme(theme: 'system' | 'light' | 'dark'): void;
  /** Ids of actions that the menu or the tray asks for. Returns what ends the listening. */
  onAction(listener: (id: string) => void): () => void;
}

/** The address where it is http or https, else null: nothing else is ever opened. */
export function webAddress(url: string): string | null {
  try {
    const { protocol, href } = new URL(url);
    return protocol === 'http:' || protocol === 'https:' ? href : null;
  } catch {
    return null;
  }
}
