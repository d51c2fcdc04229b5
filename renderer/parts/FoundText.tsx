import type { Answer } from '../../app/contract/index.ts';
import { ForeignText } from '../kit/ForeignText.tsx';
import { answerWords } from '../words/cause-words.ts';
import { useWords } from '../words/words.ts';

/** What a check or step found: in the window's language where it is a sentence of ours, else as it came. */
export function FoundText({ found, kind }: { readonly found: Answer; readonly kind?: 'line' | 'lines' }) {
  const words = answerWords(useWords(), found);
  return words ?? <ForeignText text={found.answer} {...(kind === undefined ? {} : { kind })} />;
}
