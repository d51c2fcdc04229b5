import { type ContextKey, keyText, type Settings } from '../../../app/contract/index.ts';
import { useContexts, useShortName } from '../../store/hooks.ts';
import { contextKey } from '../../store/listings.ts';
import { cleanText } from '../../words/clean-text.ts';
import { ChoiceSetting } from './fields.tsx';

const nobody = '-';

/** A setting that names one of the contexts, or none. One that is no longer listed stays there to be seen. */
export function ContextSetting({
  label,
  hint,
  chosen,
  none,
  changeFor,
}: {
  readonly label: string;
  readonly hint: string;
  readonly chosen: ContextKey | null;
  /** What no context means. */
  readonly none: string;
  readonly changeFor: (chosen: ContextKey | null) => Partial<Settings>;
}) {
  const known = useContexts((state) => state.contexts).map(contextKey);
  const shortName = useShortName();
  const keys = chosen !== null && !known.some((key) => keyText(key) === keyText(chosen)) ? [chosen, ...known] : known;
  return (
    <ChoiceSetting
      label={label}
      hint={hint}
      value={chosen === null ? nobody : keyText(chosen)}
      choices={[
        { value: nobody, words: none },
        ...keys.map((key) => ({ value: keyText(key), words: cleanText(shortName(key.context), 60) })),
      ]}
      changeFor={(value) => changeFor(keys.find((key) => keyText(key) === value) ?? null)}
    />
  );
}
