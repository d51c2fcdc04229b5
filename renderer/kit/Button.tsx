import type { LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';
import styles from './Button.module.css';
import { classes } from './classes.ts';
import { KeyHint } from './KeyHint.tsx';
import { pressable } from './pressable.ts';

export interface ButtonProps extends ComponentProps<'button'> {
  /** primary: the one thing to do here; quiet: everything else; ghost: without a frame; bad: destroys something. */
  readonly kind?: 'primary' | 'quiet' | 'ghost' | 'bad';
  readonly size?: 'normal' | 'small';
  readonly icon?: LucideIcon | undefined;
  /** Shown beside the words, see KeyHint. */
  readonly keys?: string | undefined;
}

export function Button({
  kind = 'quiet',
  size = 'normal',
  icon: Icon,
  keys,
  className,
  children,
  disabled = false,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      className={classes(styles.button, styles[kind], styles[size], className)}
      {...rest}
      {...pressable(disabled, onClick)}
    >
      {Icon === undefined ? null : <Icon className={styles.icon} aria-hidden="true" />}
      {children}
      {keys === undefined ? null : <KeyHint keys={keys} />}
    </button>
  );
}
