import { useEffect, useState } from 'react';
import type { Settings } from '../../../app/contract/index.ts';
import { type Choice, Select } from '../../kit/Select.tsx';
import { Switch } from '../../kit/Switch.tsx';
import { TextInput } from '../../kit/TextInput.tsx';
import { useWords, type WordId } from '../../words/words.ts';
import { SettingRow } from './SettingRow.tsx';
import { useChange } from './use-change.ts';

interface Described {
  readonly label: string;
  readonly hint?: string;
}

/** A setting that is on or off. */
export function SwitchSetting({
  label,
  hint,
  isOn,
  changeFor,
}: Described & { readonly isOn: boolean; readonly changeFor: (isOn: boolean) => Partial<Settings> }) {
  const [saving, change] = useChange();
  return (
    <SettingRow label={label} saving={saving} {...(hint === undefined ? {} : { hint })}>
      {({ id, describedBy }) => (
        <Switch
          id={id}
          label={label}
          isOn={isOn}
          onChange={(next) => void change(changeFor(next))}
          {...(describedBy === undefined ? {} : { describedBy })}
        />
      )}
    </SettingRow>
  );
}

/** A setting that is one of a few. */
export function ChoiceSetting<Value extends string>({
  label,
  hint,
  value,
  choices,
  changeFor,
}: Described & {
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly changeFor: (value: Value) => Partial<Settings>;
}) {
  const [saving, change] = useChange();
  return (
    <SettingRow label={label} saving={saving} {...(hint === undefined ? {} : { hint })}>
      {({ id }) => (
        <Select
          id={id}
          label={label}
          value={value}
          choices={choices}
          onChange={(next) => void change(changeFor(next))}
        />
      )}
    </SettingRow>
  );
}

/** A setting that is typed: checked with each letter, saved with Enter or when the field is left. Escape takes it back. */
export function TextSetting({
  label,
  hint,
  value,
  placeholder,
  complain,
  changeFor,
}: Described & {
  readonly value: string;
  readonly placeholder?: string;
  readonly complain: (text: string) => WordId | null;
  readonly changeFor: (text: string) => Partial<Settings>;
}) {
  const say = useWords();
  const [saving, change] = useChange();
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const complaint = complain(text.trim());
  const save = () => {
    if (complaint === null && text.trim() !== value) {
      void change(changeFor(text.trim()));
    }
  };
  return (
    <SettingRow
      label={label}
      saving={saving}
      complaint={complaint === null ? null : say(complaint)}
      isWide
      {...(hint === undefined ? {} : { hint })}
    >
      {({ id, describedBy }) => (
        <TextInput
          id={id}
          isCode
          value={text}
          onChange={setText}
          placeholder={placeholder}
          aria-describedby={describedBy}
          aria-invalid={complaint === null ? undefined : true}
          onBlur={save}
          onKeyDown={(event) => {
            if (event.key === 'Enter') {
              save();
            } else if (event.key === 'Escape') {
              setText(value);
            }
          }}
        />
      )}
    </SettingRow>
  );
}
