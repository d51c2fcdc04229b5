import { Command } from 'cmdk';
import { Check, ChevronDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import { ForeignText } from '../kit/ForeignText.tsx';
import { cleanText } from '../words/clean-text.ts';
import { useWords } from '../words/words.ts';
import styles from './NamespaceChoice.module.css';

/** Rows drawn at most; the filter finds the rest. */
const most = 200;

/** One namespace of many, within a line of text: a word that opens a list with a filter. */
export function NamespaceChoice({
  label,
  value,
  none,
  namespaces,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  /** Said where none is chosen. */
  readonly none: string;
  readonly namespaces: readonly string[];
  readonly onChange: (namespace: string) => void;
}) {
  const say = useWords();
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const found = namespaces.filter((one) => one.includes(wanted)).slice(0, most);
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger className={styles.trigger} aria-label={`${label}: ${value === '' ? none : cleanText(value)}`}>
        {value === '' ? none : <ForeignText text={value} bound={63} />}
        <ChevronDown className={styles.icon} aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className={styles.menu} sideOffset={4} align="start" aria-label={label}>
          <Command label={label} shouldFilter={false} loop>
            <Command.Input
              className={styles.filter}
              placeholder={say('kit.filterList')}
              value={text}
              onValueChange={setText}
            />
            <Command.List className={styles.list}>
              <Command.Empty className={styles.empty}>{say('kit.nothingFits', { text })}</Command.Empty>
              {found.map((namespace) => (
                <Command.Item
                  key={namespace}
                  value={namespace}
                  className={styles.item}
                  onSelect={() => {
                    setOpen(false);
                    setText('');
                    onChange(namespace);
                  }}
                >
                  <span className={styles.mark}>
                    {namespace === value ? <Check className={styles.icon} aria-hidden="true" /> : null}
                  </span>
                  <ForeignText text={namespace} />
                </Command.Item>
              ))}
            </Command.List>
          </Command>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
