import { useWords } from '../words/words.ts';

/** The three columns of the window. */
export function Frame() {
  const say = useWords();
  return <h1>{say('shell.brand')}</h1>;
}
