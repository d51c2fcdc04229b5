/**
 * Every fix that is printed can be followed: our own commands are ones that the real command line takes, whatever a context is
 * called, settings that are named exist, and so do scripts of the package. What others' programs take is followed on the sandbox.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { allSettings, catalogue, causeCatalogue, type ProblemCode, problem } from '../../app/contract/index.ts';

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

/** The real program, with nothing to do; each command tells with which words it was called. */
let program: Command;
let called: string[] = [];

beforeAll(async () => {
  const { parseAsync } = Command.prototype;
  Command.prototype.parseAsync = async function (this: Command) {
    program = this;
    return this;
  };
  try {
    await import('../../app/hosts/cli/main.ts');
  } finally {
    Command.prototype.parseAsync = parseAsync;
  }
  const disarm = (command: Command) => {
    command.exitOverride((error) => {
      throw error;
    });
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) {
      command.action(() => {
        called = [command.name(), ...command.args];
      });
    }
    command.commands.forEach(disarm);
  };
  disarm(program);
});

async function takes(text: string): Promise<void> {
  const [, ...words] = shellWords(text);
  called = [];
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if ((error as { code?: string }).code !== 'commander.helpDisplayed') {
      throw new Error(`${text}: ${(error as Error).message}`);
    }
  }
}

const isOurs = (text: string) => /^(\.\/)?slipway\b/.test(text);
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
      expect(called).toEqual(['connect', context]);
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
