import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import type { Settings } from '../../../app/contract/index.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { TextInput } from '../../kit/TextInput.tsx';
import { useWords } from '../../words/words.ts';
import { type RangeField, readRange } from './forms.ts';
import { SettingRow } from './SettingRow.tsx';
import styles from './Settings.module.css';
import { useChange } from './use-change.ts';

/** Ranges that the user names: checked while one types, each taken away by its cross. */
export function RangeList({
  field,
  settings,
  label,
  hint,
}: {
  readonly field: RangeField;
  readonly settings: Settings;
  readonly label: string;
  readonly hint: string;
}) {
  const say = useWords();
  const [saving, change] = useChange();
  const [text, setText] = useState('');
  const read = readRange(text, field, settings);
  const ranges = settings[field];
  const add = async () => {
    if (read.ok && (await change({ [field]: [...ranges, read.range] }))) {
      setText('');
    }
  };
  return (
    <SettingRow
      label={label}
      hint={hint}
      saving={saving}
      complaint={read.ok || read.because === null ? null : say(read.because)}
      isWide
    >
      {({ id, describedBy }) => (
        <div className={styles.ranges}>
          {ranges.length === 0 ? null : (
            <ul className={styles.chips} aria-label={label}>
              {ranges.map((range) => (
                <li key={range} className={styles.chip}>
                  <ForeignText text={range} kind="code" />
                  <button
                    type="button"
                    className={styles.cross}
                    aria-label={say('settings.removeNamed', { file: range })}
                    onClick={() => void change({ [field]: ranges.filter((other) => other !== range) })}
                  >
                    <X className={styles.check} aria-hidden="true" />
                  </button>
                </li>
              ))}
            </ul>
          )}
          <form
            className={styles.add}
            onSubmit={(event) => {
              event.preventDefault();
              void add();
            }}
          >
            <TextInput
              id={id}
              isCode
              value={text}
              onChange={setText}
              placeholder="10.20.0.0/16"
              aria-describedby={describedBy}
              aria-invalid={read.ok || read.because === null ? undefined : true}
            />
            <Button type="submit" icon={Plus} disabled={!read.ok}>
              {read.ok && read.range !== text.trim()
                ? say('settings.addAs', { range: read.range })
                : say('settings.add')}
            </Button>
          </form>
        </div>
      )}
    </SettingRow>
  );
}
