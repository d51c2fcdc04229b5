/**
 * What may come next on a command line, told by the program itself, so that no option is offered that is not there.
 * The shells' scripts (completion.ts) only hand over words and show what comes back.
 */
import type { Command, Option } from 'commander';

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** Where names come from that depend on the user's files. */
export interface Lookups {
  contexts(): Promise<string[]>;
}

const bare = (word: string): Candidate => ({ word, description: '' });

/** `words` are those after the program's name up to the cursor; the last one, maybe empty, is being written. */
export async function candidatesFor(
  program: Command,
  words: readonly string[],
  lookups: Lookups,
): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const { command, position, open } = walk(program, words.slice(0, -1));
  const all = open === undefined ? await next(command, position, current, lookups) : await values(open, lookups);
  return all.filter(({ word }) => word.startsWith(current));
}

/** Which command the words lead to, how many of its arguments are given, and the option that waits for its value. */
function walk(program: Command, words: readonly string[]): { command: Command; position: number; open?: Option } {
  let command = program;
  let position = 0;
  let open: Option | undefined;
  for (const word of words) {
    if (open !== undefined) {
      open = undefined;
    } else if (word.startsWith('-')) {
      open = command.options.find((option) => (option.long === word || option.short === word) && option.required);
    } else {
      const child = command.commands.find((candidate) => candidate.name() === word);
      position = child === undefined ? position + 1 : 0;
      command = child ?? command;
    }
  }
  return open === undefined ? { command, position } : { command, position, open };
}

async function values(option: Option, lookups: Lookups): Promise<Candidate[]> {
  const words = option.long === '--context' ? await lookups.contexts() : (option.argChoices ?? []);
  return words.map(bare);
}

async function next(command: Command, position: number, current: string, lookups: Lookups): Promise<Candidate[]> {
  if (current.startsWith('-')) {
    return command
      .createHelp()
      .visibleOptions(command)
      .map((option) => ({ word: option.long ?? option.short ?? '', description: option.description }));
  }
  if (command.commands.length > 0) {
    return command
      .createHelp()
      .visibleCommands(command)
      .map((child) => ({ word: child.name(), description: child.description() }));
  }
  const argument = command.registeredArguments[position];
  const words = argument?.name() === 'context' ? await lookups.contexts() : (argument?.argChoices ?? []);
  return words.map(bare);
}
