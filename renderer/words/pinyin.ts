/**
 * Chinese words found by how they sound: whole syllables (shezhi), their first letters (sz), and both mixed, as Chinese
 * keyboards take them. The table holds the characters of GB 2312 level 1, made once from pinyin-pro (MIT); ü is v.
 */
import table from './pinyin.json' with { type: 'json' };

const syllables = new Map<string, string[]>();
for (const [syllable, characters] of Object.entries(table)) {
  for (const character of characters) {
    syllables.set(character, [...(syllables.get(character) ?? []), syllable]);
  }
}

/** How a character may be read; empty where the table does not know it. */
export const readingsOf = (character: string): readonly string[] => syllables.get(character) ?? [];

/** Fewer letters are the beginning of nearly everything. */
const least = 2;

/** True where the letters are read somewhere in the text, from the beginning of a character on. */
export function soundsLike(text: string, letters: string): boolean {
  if (letters.length < least || !/^[a-z]+$/.test(letters)) {
    return false;
  }
  const characters = [...text.toLowerCase()].filter((character) => character.trim() !== '');
  return characters.some((_, from) => readsOn(characters, from, letters));
}

function readsOn(characters: readonly string[], from: number, letters: string): boolean {
  const character = characters[from];
  if (letters === '') {
    return true;
  }
  if (character === undefined) {
    return false;
  }
  const readings = readingsOf(character);
  return (readings.length === 0 ? [character] : readings).some((reading) => {
    const most = commonLength(reading, letters);
    // A reading may be cut after any letter: the next character goes on.
    return Array.from({ length: most }, (_, index) => most - index).some((length) =>
      readsOn(characters, from + 1, letters.slice(length)),
    );
  });
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) {
    length += 1;
  }
  return length;
}
