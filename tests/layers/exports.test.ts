/** What is exported is used by another file: nobody keeps for others what nobody wants. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const ours = ['app', 'renderer', 'main', 'sandbox'];

const sources = [...ours, 'tests', 'scripts']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => /\.(ts|tsx|mjs)$/.test(file) && !/node_modules|\.d\.ts$/.test(file))
  .map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return { file, text, words: new Set(text.match(/\w+/g)) };
  });

/** In how many files a word is. Names are looked for, not meanings: what is unused may hide behind a namesake. */
const filesWith = new Map<string, number>();
for (const word of sources.flatMap(({ words }) => [...words])) {
  filesWith.set(word, (filesWith.get(word) ?? 0) + 1);
}

const isOurs = (file: string) => ours.some((folder) => file.startsWith(`${folder}/`)) && !/\.test\.|\.mjs$/.test(file);

it.each([
  // A type may be there for the signature of what is used.
  ['a value', /^export (?:async )?(?:const|function|class) (\w+)/gm, 0],
  ['a type', /^export (?:interface|type|enum) (\w+)/gm, 1],
])('exports %s that somebody uses', (_, exported, usesAtHome) => {
  const unused = sources
    .filter(({ file }) => isOurs(file))
    .flatMap(({ file, text }) =>
      [...text.matchAll(exported)]
        .map(([, name = '']) => name)
        .filter((name) => filesWith.get(name) === 1)
        .filter((name) => usesAtHome === 0 || text.split(new RegExp(`\\b${name}\\b`)).length - 2 < usesAtHome)
        .map((name) => `${file}: ${name}`),
    );
  expect(unused).toEqual([]);
});
