/**
 * What may come next on a command line, told by the program itself, so that no option is offered that is not there.
 * The shells' scripts (completion.ts) only hand over words and show what comes back.
 */
import type { Command, Option } from 'commander';
import { allSettings } from '../../contract/index.ts';

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** Where names come from that depend on the user's files. */
export interface Lookups {
  /** Those of this file, or where it is empty of what counts without the option. */
  contexts(kubeconfig: string): Promise<string[]>;
}

const bare = (word: string): Candidate => ({ word, description: '' });

/** `words` are those after the program's name up to the cursor; the last one, maybe empty, is being written. */
export async function candidatesFor(
  program: Command,
  words: readonly string[],
  lookups: Lookups,
): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const { command, given, open, kubeconfig } = walk(program, words.slice(0, -1));
  const contexts = () => lookups.contexts(kubeconfig);
  const all = open === undefined ? await next(command, given, current, contexts) : await values(open, contexts);
  return all.filter(({ word }) => word.startsWith(current));
}

interface Walked {
  readonly command: Command;
  readonly given: string[];
  /** It waits for its value. */
  readonly open?: Option;
  /** Of `--kubeconfig`, as it is written on the line; the last one counts. */
  readonly kubeconfig: string;
}

/** Which command the words lead to, and what it was given. */
function walk(program: Command, words: readonly string[]): Walked {
  let kubeconfig = '';
  let command = program;
  let given: string[] = [];
  let open: Option | undefined;
  for (const word of words) {
    if (open !== undefined) {
      kubeconfig = open.long === '--kubeconfig' ? word : kubeconfig;
      open = undefined;
    } else if (word.startsWith('-')) {
      kubeconfig = /^--kubeconfig=(.*)$/s.exec(word)?.[1] ?? kubeconfig;
      open = [...command.options, ...program.options].find(
        (option) => (option.long === word || option.short === word) && option.required,
      );
    } else {
      const child = command.commands.find((candidate) => candidate.name() === word);
      given = child === undefined ? [...given, word] : [];
      command = child ?? command;
    }
  }
  return { command, given, kubeconfig, ...(open === undefined ? {} : { open }) };
}

async function values(option: Option, contexts: () => Promise<string[]>): Promise<Candidate[]> {
  const words = option.long === '--context' ? await contexts() : (option.argChoices ?? []);
  return words.map(bare);
}

async function next(
  command: Command,
  given: readonly string[],
  current: string,
  contexts: () => Promise<string[]>,
): Promise<Candidate[]> {
  if (current.startsWith('-')) {
    const help = command.createHelp();
    return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].map((option) => ({
      word: option.long ?? option.short ?? '',
      description: option.description,
    }));
  }
  if (command.commands.length > 0) {
    return command
      .createHelp()
      .visibleCommands(command)
      .map((child) => ({ word: child.name(), description: child.description() }));
  }
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[given.length] ?? (last?.variadic === true ? last : undefined);
  switch (argument?.name()) {
    case 'context':
      return (await contexts()).map(bare);
    case 'setting':
      return settingNames();
    case 'value': {
      const setting = allSettings.find(({ name }) => name === given[0]);
      return (setting?.word === 'context' ? await contexts() : (setting?.allowed ?? [])).map(bare);
    }
    default:
      return (argument?.argChoices ?? []).map(bare);
  }
}

/** Each once: some are of all contexts and of one. */
function settingNames(): Candidate[] {
  const described = new Map(allSettings.toReversed().map(({ name, description }) => [name, description]));
  return [...described].map(([word, description]) => ({ word, description }));
}
