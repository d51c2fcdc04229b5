import { Check, type LucideIcon } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';
import { classes } from './classes.ts';
import { KeyHint } from './KeyHint.tsx';
import styles from './Menu.module.css';

/** A menu that a button opens. */
export function Menu({
  trigger,
  label,
  children,
  align = 'end',
}: {
  readonly trigger: ReactElement;
  readonly label: string;
  readonly children: ReactNode;
  readonly align?: 'start' | 'end';
}) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className={styles.menu} sideOffset={4} align={align} aria-label={label} collisionPadding={8}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function MenuItem({
  icon: Icon,
  keys,
  isBad = false,
  isDisabled = false,
  onSelect,
  children,
}: {
  readonly icon?: LucideIcon;
  readonly keys?: string | undefined;
  readonly isBad?: boolean;
  readonly isDisabled?: boolean;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Radix.Item className={classes(styles.item, isBad && styles.bad)} disabled={isDisabled} onSelect={onSelect}>
      <span className={styles.mark}>
        {Icon === undefined ? null : <Icon className={styles.icon} aria-hidden="true" />}
      </span>
      <span className={styles.words}>{children}</span>
      {keys === undefined ? null : <KeyHint keys={keys} />}
    </Radix.Item>
  );
}

/** A row that is on or off; the menu stays open. */
export function MenuCheck({
  isOn,
  onChange,
  children,
}: {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <Radix.CheckboxItem
      className={styles.item}
      checked={isOn}
      onCheckedChange={onChange}
      onSelect={(event) => event.preventDefault()}
    >
      <span className={styles.mark}>
        <Radix.ItemIndicator>
          <Check className={styles.icon} aria-hidden="true" />
        </Radix.ItemIndicator>
      </span>
      <span className={styles.words}>{children}</span>
    </Radix.CheckboxItem>
  );
}

export const MenuLabel = ({ children }: { readonly children: ReactNode }) => (
  <Radix.Label className={styles.label}>{children}</Radix.Label>
);
export const MenuSeparator = () => <Radix.Separator className={styles.separator} />;
