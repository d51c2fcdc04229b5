import { createContext, useContext } from 'react';
import { classes } from './classes.ts';
import styles from './KeyHint.module.css';

export type KeyNames = 'mac' | 'other';
/** Which names the keys have here. */
export const KeyNamesContext = createContext<KeyNames>('other');

const names: Readonly<Record<KeyNames, Readonly<Record<string, string>>>> = {
  mac: { Mod: '⌘', Shift: '⇧', Alt: '⌥', Enter: '⏎', Escape: 'esc', ArrowUp: '↑', ArrowDown: '↓' },
  other: { Mod: 'Ctrl', Enter: 'Enter', Escape: 'Esc', ArrowUp: '↑', ArrowDown: '↓' },
};

/** The keys of a combination as written on the keyboard, in order. */
function keyWords(keys: string, platform: KeyNames): readonly string[] {
  return keys.split('+').map((key) => names[platform][key] ?? key);
}

/** A combination such as `Mod+K`; Mod is ⌘ on a Mac and Ctrl elsewhere. Assistive software hears it elsewhere. */
export function KeyHint({ keys, tone = 'plain' }: { readonly keys: string; readonly tone?: 'plain' | 'inverse' }) {
  const platform = useContext(KeyNamesContext);
  return (
    <span className={classes(styles.hint, styles[tone])} aria-hidden="true">
      {keyWords(keys, platform).join(platform === 'mac' ? '' : ' ')}
    </span>
  );
}
