import { Tooltip as Radix } from 'radix-ui';
import type { ReactElement } from 'react';
import { KeyHint } from './KeyHint.tsx';
import styles from './Tooltip.module.css';

/** Once around the window: tooltips of neighbours then follow one another without waiting. */
export const TooltipProvider = Radix.Provider;

/** Words for what the pointer or the focus rests on. Never the only place where something is said. */
export function Tooltip({
  text,
  keys,
  side = 'bottom',
  children,
}: {
  readonly text: string;
  readonly keys?: string | undefined;
  readonly side?: 'top' | 'right' | 'bottom' | 'left';
  /** One element that takes a ref. */
  readonly children: ReactElement;
}) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.tooltip} side={side} sideOffset={6} collisionPadding={8}>
          <span>{text}</span>
          {keys === undefined ? null : <KeyHint keys={keys} tone="inverse" />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
