/** The words of `slipway bench`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Format } from '../output.ts';
import { perform, withCore } from '../run.ts';
import { runBench } from './bench.ts';

/** The agent ends a connection that measures after 30 s. */
const secondsAtMost = 20;

export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('measure the connection that is on: latency, names, throughput to the agent and back')
    .addOption(
      new Option('--seconds <number>', `how long each of four transfers lasts at most (1 to ${secondsAtMost})`)
        .argParser(secondsOf)
        .default(3),
    )
    .option('-y, --yes', 'do not ask before it moves data')
    .addOption(new Option('-o, --output <format>', 'how data is printed').choices(['text', 'json']).default('text'))
    .action(({ seconds, yes, output }: { seconds: number; yes?: boolean; output: Format }) =>
      perform(() => withCore((core) => runBench(core, { seconds, yes: yes === true, output }))),
    );
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 1 || seconds > secondsAtMost) {
    throw new InvalidArgumentError(`Must be a number from 1 to ${secondsAtMost}.`);
  }
  return seconds;
}
