import { Switch as Radix } from 'radix-ui';
import { classes } from './classes.ts';
import styles from './Switch.module.css';

export interface SwitchProps {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  /** What it switches: its accessible name. */
  readonly label: string;
  /** Between off and on: the thumb breathes. It can still be switched, which is how one cancels. */
  readonly isBusy?: boolean;
  readonly isBad?: boolean;
  readonly isDisabled?: boolean;
  /** large is the one switch of a cluster; normal is for settings. */
  readonly size?: 'large' | 'normal';
  readonly id?: string;
  readonly describedBy?: string;
}

export function Switch({
  isOn,
  onChange,
  label,
  isBusy = false,
  isBad = false,
  isDisabled = false,
  size = 'normal',
  id,
  describedBy,
}: SwitchProps) {
  return (
    <Radix.Root
      checked={isOn}
      onCheckedChange={(next) => (isDisabled ? undefined : onChange(next))}
      aria-disabled={isDisabled || undefined}
      aria-label={label}
      aria-busy={isBusy}
      aria-describedby={describedBy}
      {...(id === undefined ? {} : { id })}
      className={classes(styles.track, styles[size], isBusy && styles.busy, isBad && styles.bad)}
    >
      <Radix.Thumb className={styles.thumb} />
    </Radix.Root>
  );
}
