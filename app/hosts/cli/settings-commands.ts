/** `slipway settings …`: everything that can be set, by its name (app/contract/settings-table.ts). */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import {
  allSettings,
  type ContextKey,
  type CoreLink,
  isOn,
  problem,
  type Setting,
  type Settings,
  settingValue,
  wordsOf,
  writtenAs,
} from '../../contract/index.ts';
import { contextOfFlag } from './caller.ts';
import { chosenContext, keyOfContext } from './lists.ts';
import { data, dim, type Format, invocation, json, say, table } from './output.ts';
import { Ended, perform, unwrap, withCore } from './run.ts';

interface Flags {
  readonly output: Format;
}
type Change = 'set' | 'add' | 'remove' | 'reset';

/** What `list` and `get` print. */
interface Shown {
  readonly name: string;
  readonly context: string; // empty: of all
  readonly value: unknown;
  readonly words: readonly string[];
  readonly allowed: readonly string[];
  readonly description: string;
  readonly effect: Setting['effect'];
}

const effects = {
  now: 'at once',
  connect: 'at the next connect',
  start: 'at the next start of the desktop app',
} as const;

export function addSettingsCommands(program: Command): void {
  const settings = program
    .command('settings')
    .description('show and change what the window calls settings: for all contexts, or with --context for that one');
  const withOptions = (command: Command) =>
    command.addOption(
      new Option('-o, --output <format>', 'how data is printed').choices(['text', 'wide', 'json']).default('text'),
    );
  withOptions(settings.command('list'))
    .description('list what is set, and what each setting can be')
    .action((flags: Flags) => perform(() => withCore((core) => list(core, flags))));
  withOptions(settings.command('get <setting>'))
    .description('print the value of one setting, a line for each of several')
    .action((name: string, flags: Flags) => perform(() => withCore((core) => get(core, name, flags))));
  const changes: readonly (readonly [Change, string, string])[] = [
    ['set', 'set <setting> <value...>', 'set it; the values of a list become the whole list'],
    ['add', 'add <setting> <value...>', 'add to a list'],
    ['remove', 'remove <setting> <value...>', 'take away from a list'],
  ];
  for (const [change, usage, description] of changes) {
    withOptions(settings.command(usage))
      .description(description)
      .action((name: string, words: string[], flags: Flags) =>
        perform(() => withCore((core) => make(core, change, name, words, flags))),
      );
  }
  withOptions(settings.command('reset <setting>'))
    .description('put it back to what it was at first')
    .action((name: string, flags: Flags) => perform(() => withCore((core) => make(core, 'reset', name, [], flags))));
}

/** The setting of this name, and whose: of the named context, else of all, else of the current context. */
async function settingFor(core: CoreLink, name: string) {
  const context = contextOfFlag();
  const named = allSettings.filter((one) => one.name === name);
  const setting = named.find(({ isOfContext }) => isOfContext === (context !== '')) ?? named[0];
  if (setting === undefined) {
    const known = [...new Set(allSettings.map((one) => one.name))].join(', ');
    throw new Ended(problem('setting-invalid', `there is no setting ${name}; there are: ${known}`));
  }
  if (!setting.isOfContext && context !== '') {
    throw new Ended(problem('setting-invalid', `${name} is a setting for all contexts: leave out --context`));
  }
  const key = setting.isOfContext ? await keyOfContext(core, await chosenContext(core)) : null;
  return { setting, key };
}

function shown(settings: Settings, setting: Setting, key: ContextKey | null): Shown {
  const value = settingValue(settings, setting, key);
  const { name, allowed, description, effect } = setting;
  const words = wordsOf(setting, value);
  return { name, context: setting.isOfContext ? (key?.context ?? '') : '', value, words, allowed, description, effect };
}

async function list(core: CoreLink, flags: Flags): Promise<void> {
  const context = contextOfFlag();
  const key = context === '' ? null : await keyOfContext(core, context);
  const settings = unwrap(await core.call('getSettings', {}));
  const rows = allSettings.filter(({ isOfContext }) => isOfContext === (key !== null));
  const all = rows.map((setting) => shown(settings, setting, key));
  if (flags.output === 'json') {
    json({ settings: all });
    return;
  }
  const wide = flags.output === 'wide';
  data(
    table(
      ['SETTING', 'VALUE', ...(wide ? ['WRITTEN AS', 'COUNTS'] : []), 'WHAT IT DOES'],
      all.map((one, index) => [
        one.name,
        one.words.join(' ') || '-',
        ...(wide ? [formOf(rows[index]), effects[one.effect]] : []),
        `${one.description}${wide || one.allowed.length === 0 ? '' : ` (${one.allowed.join(', ')})`}`,
      ]),
    ),
  );
  if (key === null) {
    say(dim(`What is chosen for one context: \`${invocation} settings list --context CONTEXT\`.`));
  }
}

function formOf(setting: Setting | undefined): string {
  if (setting === undefined || setting.kind === 'json') {
    return 'JSON';
  }
  const one = setting.kind === 'pairs' ? 'NAME=VALUE' : setting.allowed.join('|') || writtenAs[setting.word] || 'TEXT';
  return setting.kind === 'list' || setting.kind === 'pairs' ? `${one} …` : one;
}

async function get(core: CoreLink, name: string, flags: Flags): Promise<void> {
  const { setting, key } = await settingFor(core, name);
  const one = shown(unwrap(await core.call('getSettings', {})), setting, key);
  if (flags.output === 'json') {
    json(one);
  } else {
    for (const word of one.words) {
      data(word);
    }
  }
}

async function make(core: CoreLink, change: Change, name: string, words: readonly string[], flags: Flags) {
  const { setting, key } = await settingFor(core, name);
  const settings = unwrap(
    await core.call('changeSetting', {
      name,
      ...(key ?? {}),
      change,
      words: words.map((word) => (setting.word === 'file' && !word.startsWith('~/') ? resolve(word) : word)),
    }),
  );
  const one = shown(settings, setting, key);
  if (flags.output === 'json') {
    json(one);
    return;
  }
  const whose = one.context === '' ? '' : ` for ${one.context}`;
  say(`${name}${whose}: ${one.words.join(' ') || '-'}`);
  const snapshot = unwrap(await core.call('getSnapshot', {}));
  const on = snapshot.connections.find((connection) => isOn(connection));
  if (setting.effect === 'connect' && on !== undefined && (key === null || key.context === on.cluster.context)) {
    say(
      dim(
        `It counts ${effects.connect}: \`${invocation} disconnect\`, then \`${invocation} connect ${on.cluster.context}\`.`,
      ),
    );
  } else if (setting.effect === 'start') {
    say(dim(`It counts ${effects.start}.`));
  }
}
