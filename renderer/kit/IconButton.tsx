import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';
import { classes } from './classes.ts';
import styles from './IconButton.module.css';
import { pressable } from './pressable.ts';
import { Tooltip } from './Tooltip.tsx';

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children' | 'aria-label'> {
  readonly icon: LucideIcon;
  /** What it does: its name, and its tooltip. */
  readonly label: string;
  readonly keys?: string | undefined;
  /** Set for a button that stays pressed (pin). */
  readonly isPressed?: boolean | undefined;
  readonly size?: 'normal' | 'small';
}

export function IconButton({
  icon: Icon,
  label,
  keys,
  isPressed,
  size = 'normal',
  className,
  disabled = false,
  onClick,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={isPressed}
        className={classes(styles.button, styles[size], className)}
        {...rest}
        {...pressable(disabled, onClick)}
      >
        <Icon aria-hidden="true" className={styles.icon} />
      </button>
    </Tooltip>
  );
}
