/** The real command line, with nothing to do: its commands tell with which words and options they were called. */
import { Command } from 'commander';

export interface RealCommandLine {
  readonly program: Command;
  /** Every command that does something, with the words that lead to it; hidden ones, too. */
  readonly commands: readonly { readonly path: readonly string[]; readonly command: Command }[];
  /** Why these words are not taken, or null where a command was called, or help or version was shown. */
  refusal(words: readonly string[]): Promise<string | null>;
  /** The name and the arguments of the command that was called last; empty where none was. */
  called(): readonly string[];
}

let made: Promise<Command> | undefined;

/** The program that importing the command line makes: once for all test files of a process. */
async function imported(): Promise<Command> {
  let program: Command | undefined;
  const { parseAsync } = Command.prototype;
  Command.prototype.parseAsync = async function (this: Command) {
    program = this;
    return this;
  };
  try {
    await import('../../app/hosts/cli/program.ts');
  } finally {
    Command.prototype.parseAsync = parseAsync;
  }
  if (program === undefined) {
    throw new Error('something else imported the command line before, so that it makes no program now');
  }
  return program;
}

export async function realCommandLine(): Promise<RealCommandLine> {
  made ??= imported();
  const program = await made;
  let called: readonly string[] = [];
  const commands: { path: string[]; command: Command }[] = [];
  const disarm = (command: Command, path: string[]) => {
    command.exitOverride((error) => {
      throw error;
    });
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) {
      commands.push({ path, command });
      command.action(() => {
        called = [command.name(), ...command.args];
      });
    }
    for (const child of command.commands) {
      disarm(child, [...path, child.name()]);
    }
  };
  disarm(program, []);
  return {
    program,
    commands,
    refusal: async (words) => {
      called = [];
      try {
        await program.parseAsync([...words], { from: 'user' });
        return null;
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        const isShown = code === 'commander.helpDisplayed' || code === 'commander.help' || code === 'commander.version';
        return isShown ? null : message;
      }
    },
    called: () => called,
  };
}
