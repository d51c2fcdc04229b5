import { Search, X } from 'lucide-react';
import { type ComponentProps, useRef } from 'react';
import { useWords } from '../words/words.ts';
import { classes } from './classes.ts';
import { KeyHint } from './KeyHint.tsx';
import styles from './TextInput.module.css';

export interface TextInputProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Addresses, ranges, images: in the code font. */
  readonly isCode?: boolean;
}

export function TextInput({ value, onChange, isCode = false, className, ...rest }: TextInputProps) {
  return (
    <input
      type="text"
      spellCheck={false}
      autoComplete="off"
      className={classes(styles.box, styles.input, isCode && styles.code, className)}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      {...rest}
    />
  );
}

/** A search over what is on the page. The first one with `isPrimary` takes the focus on `/`. Escape empties it. */
export function SearchInput({
  value,
  onChange,
  label,
  keys,
  isPrimary = false,
  onKeyDown,
  className,
  ...rest
}: TextInputProps & { readonly label: string; readonly keys?: string; readonly isPrimary?: boolean }) {
  const say = useWords();
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className={classes(styles.box, styles.search, className)}>
      <Search className={styles.icon} aria-hidden="true" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={label}
        spellCheck={false}
        autoComplete="off"
        data-primary-search={isPrimary ? '' : undefined}
        className={styles.inner}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') {
            event.stopPropagation();
            onChange('');
            return;
          }
          onKeyDown?.(event);
        }}
        {...rest}
      />
      {value === '' ? (
        keys === undefined ? null : (
          <KeyHint keys={keys} />
        )
      ) : (
        <button
          type="button"
          className={styles.clear}
          aria-label={say('kit.clearSearch')}
          onClick={() => {
            onChange('');
            input.current?.focus();
          }}
        >
          <X className={styles.icon} aria-hidden="true" />
        </button>
      )}
    </div>
  );
}
