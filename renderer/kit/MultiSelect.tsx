import { Check, ChevronDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { type KeyboardEvent, useId, useMemo, useState } from 'react';
import { useWords } from '../words/words.ts';
import { ForeignText } from './ForeignText.tsx';
import styles from './Menu.module.css';
import { SearchInput } from './TextInput.tsx';

/** Rows drawn at most; the filter finds the rest. */
const most = 200;

/** Many of many (namespaces). None chosen means all. The list is filtered while one types; Enter takes a row. */
export function MultiSelect({
  label,
  allWords,
  values,
  chosen,
  onChange,
}: {
  readonly label: string;
  /** Says that all are in view. */
  readonly allWords: string;
  readonly values: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}) {
  const say = useWords();
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger className={styles.trigger}>
        <span className={styles.caption}>{label}</span>
        <span className={styles.value}>
          {chosen.length === 0 ? (
            allWords
          ) : chosen.length <= 2 ? (
            <ForeignText text={chosen.join(', ')} />
          ) : (
            say('kit.chosenCount', { count: chosen.length })
          )}
        </span>
        <ChevronDown className={styles.icon} aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className={styles.menu} sideOffset={4} align="start" aria-label={label}>
          <Options {...{ label, allWords, values, chosen, onChange }} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

type OptionsProps = Parameters<typeof MultiSelect>[0];

function Options({ label, allWords, values, chosen, onChange }: OptionsProps) {
  const say = useWords();
  const id = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const fitting = useMemo(() => values.filter((value) => value.includes(text.trim())).slice(0, most), [values, text]);
  // Row 0 is "all", as long as nothing is typed.
  const rows = text.trim() === '' ? ['', ...fitting] : fitting;
  const toggle = (value: string) =>
    onChange(
      value === '' ? [] : chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value].sort(),
    );
  const press = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const next = Math.min(rows.length - 1, Math.max(0, active + (event.key === 'ArrowDown' ? 1 : -1)));
      setActive(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      const row = rows[active];
      if (row !== undefined) {
        toggle(row);
      }
    }
  };
  return (
    <>
      <div className={styles.filter}>
        <SearchInput
          value={text}
          onChange={(next) => {
            setText(next);
            setActive(0);
          }}
          label={say('kit.filterList')}
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={rows.length === 0 ? undefined : `${id}-${active}`}
          onKeyDown={press}
        />
      </div>
      {rows.length === 0 ? <div className={styles.empty}>{say('kit.nothingFits', { text })}</div> : null}
      <div role="listbox" id={id} aria-label={label} aria-multiselectable="true">
        {rows.map((row, index) => {
          const isChosen = row === '' ? chosen.length === 0 : chosen.includes(row);
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above has the focus and the keys
            <div
              key={row}
              role="option"
              id={`${id}-${index}`}
              tabIndex={-1}
              aria-selected={isChosen}
              data-active={index === active}
              className={styles.item}
              onClick={() => toggle(row)}
              onPointerMove={() => setActive(index)}
            >
              <span className={styles.box}>
                {isChosen ? <Check className={styles.icon} aria-hidden="true" /> : null}
              </span>
              {row === '' ? allWords : <ForeignText text={row} />}
            </div>
          );
        })}
      </div>
    </>
  );
}
