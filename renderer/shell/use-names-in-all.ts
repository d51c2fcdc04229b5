import { useCallback, useEffect, useState } from 'react';
import type { Messages, WordId } from '../words/words.ts';
import { loadMessages, useWords } from '../words/words.ts';
import type { Findable } from './palette-items.ts';

interface Known {
  readonly en: Messages;
  readonly chinese: Messages;
  readonly soundsLike: (text: string, letters: string) => boolean;
}

async function load(): Promise<Known> {
  const [en, chinese, { soundsLike }] = await Promise.all([
    loadMessages('en'),
    loadMessages('zh-CN'),
    import('../words/pinyin.ts'),
  ]);
  return { en, chinese, soundsLike };
}

/** How something of the window is called in each language, and how its Chinese sounds: whichever one types finds it. */
export function useNamesInAll(): (words: WordId) => Findable {
  const say = useWords();
  const [known, setKnown] = useState<Known | null>(null);
  useEffect(() => {
    let isWanted = true;
    void load().then((all) => (isWanted ? setKnown(all) : undefined));
    return () => {
      isWanted = false;
    };
  }, []);
  return useCallback(
    (words) => {
      const chinese = known?.chinese[words] ?? '';
      const names = [say(words), known?.en[words] ?? '', chinese];
      return {
        names: [...new Set(names)].filter((name) => name !== ''),
        ...(known === null ? {} : { soundsLike: (letters: string) => known.soundsLike(chinese, letters) }),
      };
    },
    [say, known],
  );
}
