import { Command } from 'cmdk';
import type { ReactNode } from 'react';
import { KeyHint } from '../kit/KeyHint.tsx';
import styles from './Palette.module.css';

export interface Row {
  /** Tells it from all other rows. */
  readonly value: string;
  /** The smaller, the better it fits. */
  readonly grade: number;
  readonly mark: ReactNode;
  readonly words: ReactNode;
  /** What tells it from others of its name, and where it was found where that is not its name. */
  readonly detail?: ReactNode;
  readonly keys?: string | undefined;
  readonly choose: () => void;
}

export function PaletteRow({ row, onDone }: { readonly row: Row; readonly onDone: () => void }) {
  return (
    <Command.Item
      value={row.value}
      className={styles.item}
      onSelect={() => {
        onDone();
        row.choose();
      }}
    >
      <span className={styles.mark}>{row.mark}</span>
      <span className={styles.words}>{row.words}</span>
      {row.detail === undefined ? null : <span className={styles.detail}>{row.detail}</span>}
      {row.keys === undefined ? null : <KeyHint keys={row.keys} />}
    </Command.Item>
  );
}
