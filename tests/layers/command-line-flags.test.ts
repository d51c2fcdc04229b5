/** `--kubeconfig` and `--context` as kubectl has them: on every command of the real command line, wherever they stand. */
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caller, chooseContext, chooseKubeconfig, contextOfFlag } from '../../app/hosts/cli/caller.ts';
import { candidatesFor } from '../../app/hosts/cli/complete.ts';
import { type RealCommandLine, realCommandLine } from './real-command-line.ts';

const leading = [
  ['contexts'],
  ['confirm'],
  ['namespaces'],
  ['services', '-n', 'webshop'],
  ['pods', '-o', 'wide'],
  ['connect', '--namespace', 'webshop'],
  ['disconnect'],
  ['status'],
  ['flows'],
  ['bench', '--yes'],
  ['doctor', '--trust-exec'],
  ['explain', 'orders.webshop:80'],
  ['proxy'],
  ['settings', 'list'],
  ['settings', 'get', 'agentNamespace'],
  ['settings', 'set', 'agentNamespace', 'tools'],
  ['settings', 'add', 'namespacesInView', 'webshop'],
  ['settings', 'remove', 'namespacesInView', 'webshop'],
  ['settings', 'reset', 'agentNamespace'],
  ['start', '--terminal'],
  ['prefer'],
  ['shell', '--namespace', 'webshop'],
];
/** About no context, or about words that are not the command's own. */
const without = [
  ['sandbox', 'up'],
  ['sandbox', 'down'],
  ['sandbox', 'status'],
  ['sandbox', 'shell'],
  ['completion'],
  ['complete'],
  ['run'],
];
const flags = ['--context', 'team', '--kubeconfig', 'some/file'];

describe('flags of kubectl', () => {
  let line: RealCommandLine;

  beforeAll(async () => {
    line = await realCommandLine();
  });
  afterAll(() => {
    chooseContext(''); // other files share the process
    chooseKubeconfig('');
  });

  it('are tried on every command that there is', () => {
    const words = (path: readonly string[]) => path.filter((word) => /^[a-z]+$/.test(word)).join(' ');
    const known = [...leading, ...without].map(words);
    const missing = line.commands.filter(({ path }) => !known.some((one) => `${one} `.startsWith(`${words(path)} `)));
    expect(missing.map(({ path }) => path)).toEqual([]);
  });

  it.each(leading)('count before, within and after %s %s', async (...given) => {
    const words = given.filter((word) => word !== undefined);
    for (const place of Array.from({ length: words.length + 1 }, (_, index) => index)) {
      // What follows an option is its value.
      if (/^-(n|o|-namespace)$/.test(words[place - 1] ?? '')) {
        continue;
      }
      await line.refusal(['status', '--context', 'other', '--kubeconfig', 'other']);
      expect(await line.refusal([...words.slice(0, place), ...flags, ...words.slice(place)])).toBe(null);
      expect({ context: contextOfFlag(), ...caller({}) }).toMatchObject({
        context: 'team',
        kubeconfigs: [resolve('some/file')],
        isExplicit: true,
      });
    }
  });

  it('are shown once in the help of every command, and completed', async () => {
    for (const { path, command } of line.commands) {
      const help = command.helpInformation();
      for (const flag of ['--context', '--kubeconfig']) {
        expect(help.split('\n').filter((row) => row.trimStart().startsWith(`${flag} `)).length, path.join(' ')).toBe(1);
      }
      const offered = async (...words: string[]) =>
        (await candidatesFor(line.program, words, { contexts: async () => ['team', 'home'] })).map(({ word }) => word);
      expect(await offered(...path, '--context', ''), path.join(' ')).toEqual(['team', 'home']);
      expect((await offered(...path, '--')).filter((word) => word === '--context')).toEqual(['--context']);
    }
    expect(await candidatesFor(line.program, ['--context', 'team', 'doct'], { contexts: async () => [] })).toHaveLength(
      1,
    );
  });

  it.each(['confirm', 'connect', 'start'])(
    'name the same context as the argument of %s, or it is refused',
    async (command) => {
      for (const words of [
        ['--context', 'team', command, 'home'],
        [command, '--context', 'team', 'home'],
        [command, 'home', '--context=team'],
      ]) {
        expect(await line.refusal(words)).toContain('home and --context team name two contexts');
        expect(line.called()).toEqual([]);
        expect(await line.refusal(words.map((word) => word.replace('home', 'team')))).toBe(null);
        expect(line.called()).toEqual([command, 'team']);
      }
    },
  );
});
