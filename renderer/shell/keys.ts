/** Which key means which combination. `Mod` is ⌘ on a Mac and Ctrl elsewhere. */
import type { Platform } from '../host/host.ts';

export interface Press {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** True where the press is the combination (`Mod+Shift+T`, `/`, `C`, `Mod+Enter`). */
export function isPressOf(press: Press, keys: string, platform: Platform): boolean {
  const parts = keys.split('+');
  const wanted = parts[parts.length - 1] ?? '';
  const isMac = platform === 'darwin';
  const mod = isMac ? press.metaKey : press.ctrlKey;
  const other = isMac ? press.ctrlKey : press.metaKey;
  if (mod !== parts.includes('Mod') || other || press.altKey !== parts.includes('Alt')) {
    return false;
  }
  // A sign such as ? needs Shift on some layouts and not on others: there the sign is what counts.
  const isLetterOrName = /^([A-Z0-9]|\w{2,})$/.test(wanted);
  if (isLetterOrName && press.shiftKey !== parts.includes('Shift')) {
    return false;
  }
  return keyOf(press).toLowerCase() === wanted.toLowerCase();
}

/** On layouts of other scripts the letter is taken from the place of the key. */
function keyOf(press: Press): string {
  const isLatin = press.key.length > 1 || press.key.charCodeAt(0) < 128;
  return isLatin ? press.key : press.code.replace(/^(Key|Digit)/, '');
}

export const hasModifier = (keys: string): boolean => keys.startsWith('Mod+');

/** True where typing means text. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) {
    return false;
  }
  return (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type))
  );
}
