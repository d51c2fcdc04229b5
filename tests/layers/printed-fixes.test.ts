/**
 * Every fix that is printed can be followed: our own commands are ones that the real command line takes, whatever a context is
 * called, settings that are named exist, and so do scripts of the package. What others' programs take is followed on the sandbox.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allSettings, catalogue, causeCatalogue, type ProblemCode, problem } from '../../app/contract/index.ts';
import { type RealCommandLine, realCommandLine } from './real-command-line.ts';

const root = join(import.meta.dirname, '../..');
const codes = Object.keys(catalogue) as ProblemCode[];

/** Contexts as tools call them, and as nobody should. */
const contexts = [
  'sandbox',
  'arn:aws:eks:eu-central-1:1:cluster/a',
  'kubernetes-admin@kubernetes',
  'my cluster',
  "it's; rm -rf ~",
  '$(id)',
];

/** The words of a command as a POSIX shell would see them; fails on anything that a shell would expand or run. */
function shellWords(text: string): string[] {
  const words: string[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const piece = /^(?:'[^']*'|\\.|[\w@%+=:,./~-]+)+/.exec(rest)?.[0];
    if (piece === undefined) {
      throw new Error(`a shell would not take this as words: ${rest}`);
    }
    words.push(piece.replace(/'([^']*)'|\\(.)/g, (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? ''));
    rest = rest.slice(piece.length);
    if (rest !== '' && !/^\s/.test(rest)) {
      throw new Error(`a shell would not end the word here: ${rest}`);
    }
    rest = rest.trimStart();
  }
  return words;
}

let line: RealCommandLine;

beforeAll(async () => {
  line = await realCommandLine();
});

async function takes(text: string): Promise<void> {
  const [, ...words] = shellWords(text);
  const because = await line.refusal(words);
  if (because !== null) {
    throw new Error(`${text}: ${because}`);
  }
}

const isOurs = (text: string) => /^(\.\/)?slipway( |$)/.test(text);
/** Commands of ours in code spans and blocks of Markdown, without what stands for something that may be left out. */
function documented(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, block]) => (block ?? '').split('\n'));
  const spans = inBackticks(markdown.replace(/^```.*?^```/gms, ''));
  return [...blocks, ...spans]
    .map((text) =>
      text
        .replace(/\s+#.*$/, '')
        .replace(/^npm start --/, 'slipway start')
        .replace(/^npm start$/, 'slipway start'),
    )
    .filter(isOurs)
    .map((text) => text.replace(/\s*…/g, ''));
}
const inBackticks = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner ?? '');

function sentences(): string[] {
  const wordFiles = ['en', 'zh-CN'].flatMap((language) =>
    readdirSync(join(root, 'renderer/words', language)).map((file) => join(root, 'renderer/words', language, file)),
  );
  return [
    ...codes.flatMap((code) => [catalogue[code].title, ...catalogue[code].fixes.map(({ text }) => text)]),
    ...Object.values(causeCatalogue),
    ...wordFiles.flatMap((file) => Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>)),
  ];
}

describe('printed commands', () => {
  const facts = {
    namespace: 'webshop',
    interface: 'slipway0',
    options: '--agent-namespace infra',
    process: '42',
    file: '/k',
  };
  const commandsOf = (code: ProblemCode, given: Readonly<Record<string, string>>) =>
    problem(code, 'because', given)
      .fixes.filter(({ kind }) => kind === 'command')
      .map(({ text }) => text);

  it.each(codes)('of %s are ones that the command line takes, with and without what is known', async (code) => {
    for (const context of contexts) {
      for (const text of commandsOf(code, { ...facts, context })) {
        expect(text).not.toMatch(/[<>{}]/);
        if (isOurs(text)) {
          await takes(text);
        } else {
          shellWords(text);
        }
      }
    }
    for (const text of commandsOf(code, {})) {
      expect(text).not.toMatch(/[<>{}]/);
      await (isOurs(text) ? takes(text) : shellWords(text));
    }
  });

  it('name the context that is meant, whatever it is called', async () => {
    for (const context of contexts) {
      const [text = ''] = commandsOf('not-connected', { context });
      await takes(text);
      expect(line.called()).toEqual(['connect', context]);
    }
  });

  it('in sentences are ones that the command line takes, too', async () => {
    const ours = sentences().flatMap(inBackticks).filter(isOurs);
    expect(ours.length).toBeGreaterThan(0);
    for (const text of ours) {
      await takes(text.replace(/\{\w+\}/g, 'name').replace(/…$/, ''));
    }
  });

  it('that are scripts of the package exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const texts = [...sentences(), ...codes.flatMap((code) => commandsOf(code, facts))];
    const named = texts.flatMap((text) => [...text.matchAll(/npm run ([\w-]+)/g)].map(([, name]) => name ?? ''));
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('documented commands', () => {
  const documents = [
    'README.md',
    'renderer/README.md',
    'sandbox/README.md',
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      // Decisions say what was true when they were made.
      .filter((file) => file.endsWith('.md') && !file.startsWith('adr/'))
      .map((file) => join('docs', file)),
  ];

  it.each(documents)('in %s are ones that the command line takes, and scripts of the package', async (document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const faults: string[] = [];
    for (const command of documented(text)) {
      // What is only named is named without its arguments, and what a shell makes of a word is none of ours.
      const because = await line.refusal(command.split(/\s+/).slice(1));
      if (because !== null && !because.includes('missing required argument')) {
        faults.push(`${command}: ${because}`);
      }
    }
    for (const [, name = ''] of text.matchAll(/`npm run ([\w-]+)/g)) {
      if (!Object.hasOwn(scripts, name)) {
        faults.push(`npm run ${name}`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('has a row for each command', () => {
    const rows = readFileSync(join(root, 'docs/cli.md'), 'utf8').matchAll(/^\| `([a-z]+)/gm);
    const documentedNames = [...rows].map(([, name]) => name);
    const names = line.program
      .createHelp()
      .visibleCommands(line.program)
      .map((command) => command.name());
    expect(new Set(documentedNames)).toEqual(new Set(names.filter((name) => name !== 'help')));
  });

  it('of docs/cli.md name options of that command', () => {
    const faults: string[] = [];
    for (const [, usage = '', told = ''] of readFileSync(join(root, 'docs/cli.md'), 'utf8').matchAll(
      /^\| `([a-z]+[^`]*)` \| (.*) \|$/gm,
    )) {
      const [name = ''] = usage.split(' ');
      const options = line.commands.filter(({ path }) => path[0] === name).flatMap(({ command }) => command.options);
      const known = [...options, ...line.program.options].flatMap(({ long, short }) => [long, short]);
      const said = [usage, ...inBackticks(told)].flatMap((text) => text.match(/(?<![\w-])--?[a-z][\w-]*/g) ?? []);
      faults.push(...said.filter((option) => !known.includes(option)).map((option) => `${name} ${option}`));
    }
    expect(faults).toEqual([]);
  });
});

describe('printed settings', () => {
  it('exist under the name that is printed', () => {
    const names = new Set<string>(allSettings.map(({ name }) => name));
    const commands = codes.flatMap((code) => catalogue[code].fixes.map(({ text }) => text));
    const printed = [...sentences(), ...commands].flatMap((text) =>
      [...text.matchAll(/settings (?:get|set|add|remove|reset) (\w+)/g)].map(([, name]) => name ?? ''),
    );
    expect(printed.length).toBeGreaterThan(0);
    expect(printed.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('advice', () => {
  it('stands before any command that may be left out: frontends know it by its place', () => {
    const late = codes.filter((code) => {
      const { fixes } = catalogue[code];
      const first = fixes.findIndex(({ kind, text }) => kind === 'command' && /\{(?!context\})/.test(text));
      return first >= 0 && fixes.slice(first).some(({ kind }) => kind === 'advice');
    });
    expect(late).toEqual([]);
  });
});
