/** The words of `slipway bench`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { benchSecondsAtMost, benchSecondsUsual } from '../../../contract/index.ts';
import type { Format } from '../output.ts';
import { perform, withCore } from '../run.ts';
import { runBench } from './bench.ts';

export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('measure the connection that is on: latency, names, throughput to the agent and back')
    .addOption(
      new Option('--seconds <number>', `how long each of four transfers lasts at most (1 to ${benchSecondsAtMost})`)
        .argParser(secondsOf)
        .default(benchSecondsUsual),
    )
    .option('-y, --yes', 'do not ask before it moves data')
    .addOption(new Option('-o, --output <format>', 'how data is printed').choices(['text', 'json']).default('text'))
    .action(({ seconds, yes, output }: { seconds: number; yes?: boolean; output: Format }) =>
      perform(() => withCore((core) => runBench(core, { seconds, yes: yes === true, output }))),
    );
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 1 || seconds > benchSecondsAtMost) {
    throw new InvalidArgumentError(`Must be a number from 1 to ${benchSecondsAtMost}.`);
  }
  return seconds;
}
