/** The words of `shell` and `run`. */
import type { Command } from 'commander';
import { type ConnectFlags, withConnectOptions } from './connect-options.ts';
import { perform } from './run.ts';
import { runInNetwork } from './shell.ts';

export function addShellCommands(program: Command): void {
  withConnectOptions(program.command('shell [context]'))
    .description(
      "open a shell that is inside the cluster's network, without root; nothing else of this computer is (Linux)",
    )
    .action((context: string | undefined, flags: ConnectFlags) =>
      perform(async () => {
        process.exitCode = await runInNetwork(context, flags, []);
      }),
    );
  withConnectOptions(program.command('run'))
    .argument('<program...>', 'the program and its arguments, after --')
    .description("run one program inside the cluster's network, without root; nothing else of this computer is (Linux)")
    .usage('[options] -- <program...>')
    .action((words: string[], flags: ConnectFlags) =>
      perform(async () => {
        process.exitCode = await runInNetwork(undefined, flags, words);
      }),
    );
}
