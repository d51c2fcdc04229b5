import { getNonce } from 'get-nonce';
import { Check, ChevronDown } from 'lucide-react';
import { Select as Radix } from 'radix-ui';
import { classes } from './classes.ts';
import styles from './Menu.module.css';

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly words: string;
}

/** One of a few. `label` is its accessible name, unless a Field names it by `id`. */
export function Select<Value extends string>({
  value,
  choices,
  onChange,
  label,
  id,
  isDisabled = false,
}: {
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
  readonly label?: string;
  readonly id?: string;
  readonly isDisabled?: boolean;
}) {
  return (
    <Radix.Root value={value} onValueChange={(next) => onChange(next as Value)} disabled={isDisabled}>
      <Radix.Trigger aria-label={label} {...(id === undefined ? {} : { id })} className={styles.trigger}>
        <Radix.Value />
        <Radix.Icon asChild>
          <ChevronDown className={styles.icon} aria-hidden="true" />
        </Radix.Icon>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content position="popper" sideOffset={4} className={classes(styles.menu, styles.wide)}>
          <Radix.Viewport nonce={getNonce()}>
            {choices.map((choice) => (
              <Radix.Item key={choice.value} value={choice.value} className={styles.item}>
                <span className={styles.mark}>
                  <Radix.ItemIndicator>
                    <Check className={styles.icon} aria-hidden="true" />
                  </Radix.ItemIndicator>
                </span>
                <Radix.ItemText>{choice.words}</Radix.ItemText>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
