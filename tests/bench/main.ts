/**
 * `npm run bench`: what the laptop gets through Slipway, against a direct route and `kubectl port-forward`, in turn
 * in one run on a sandbox of its own. Prints a Markdown table on standard output and progress on standard error.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import { type LinkOptions, openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { type LaptopPlace, Product } from '../cluster/product.ts';
import { must, type Place } from '../cluster/programs.ts';
import { workload } from '../cluster/workload.ts';
import { type Arm, directArm, portForwardArm, slipwayArm, type Target } from './arms.ts';
import { connectArguments, measureConnecting } from './connecting.ts';
import { buildLoad, startLoadServer } from './load-server.ts';
import { pinCongestionControl, residentMemory } from './machine.ts';
import { type Figure, Measurements, ours } from './measurements.ts';

type Subject = 'throughput' | 'latency' | 'connect' | 'memory';
type LinkName = 'none' | '40ms';

interface Choices {
  readonly rounds: number;
  readonly seconds: number;
  readonly only?: readonly Subject[];
  readonly link?: readonly LinkName[];
  readonly arms?: readonly string[];
  readonly keepSandbox: boolean;
}

/** 40 ms of round trip, 200 Mbit/s each way, no loss. */
const slowLink: LinkOptions = { delayMilliseconds: 20, rateBitsPerSecond: 200e6, lossFraction: 0 };
const linkWords: Readonly<Record<LinkName, string>> = { none: 'no delay', '40ms': '40 ms, 200 Mbit/s' };
const say = (text: string) => process.stderr.write(`${text}\n`);

class Bench {
  readonly #choices: Choices;
  readonly #sandbox: Sandbox;
  readonly #measurements = new Measurements();
  readonly #folder = mkdtempSync(join(tmpdir(), 'slipway-bench-product-'));
  #product: Product | undefined;
  #load: string | undefined;

  constructor(choices: Choices, sandbox: Sandbox) {
    this.#choices = choices;
    this.#sandbox = sandbox;
  }

  async run(): Promise<string> {
    const sandbox = this.#sandbox;
    await pinCongestionControl(sandbox);
    const { enter, environment, pid } = sandbox.laptop('plain');
    const laptop: LaptopPlace = { enter, environment: withoutUndefined(environment), holder: pid };
    const load = await buildLoad();
    this.#load = load;
    const kubectl = join(sandbox.state, 'kubectl');
    const target = await startLoadServer(sandbox, kubectl, load);
    const product = new Product(laptop, this.#folder, sandbox.kubeconfig);
    this.#product = product;
    for (let round = 1; round <= this.#choices.rounds; round++) {
      for (const link of this.#choices.link ?? (['none', '40ms'] as const)) {
        await sandbox.setLink(link === '40ms' ? slowLink : undefined, 'plain');
        await this.#traffic(round, link, laptop, load, this.#arms(laptop, target, kubectl, product), product);
      }
      await sandbox.setLink(undefined, 'plain');
      if (this.#wants('connect')) {
        say(`round ${round}: connecting`);
        await measureConnecting(product, laptop, (name, value) => this.#add(ours, { name, unit: 'ms' }, value));
      }
    }
    return this.#measurements.markdown();
  }

  /** Leaves nothing of a run, also of one that was interrupted; the sandbox stays. */
  async close(): Promise<void> {
    await this.#product?.disconnect();
    await this.#sandbox.setLink(undefined, 'plain');
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.#load !== undefined) {
      rmSync(dirname(this.#load), { recursive: true, force: true });
    }
  }

  #wants(subject: Subject): boolean {
    return this.#choices.only === undefined || this.#choices.only.includes(subject);
  }

  #add(arm: string, figure: Figure, value: number): void {
    this.#measurements.add(arm, figure, value);
  }

  #arms(laptop: Place, target: Target, kubectl: string, product: Product): Arm[] {
    const arms = [
      directArm(laptop, target),
      portForwardArm(laptop, target, kubectl, this.#sandbox.kubeconfig),
      slipwayArm(product, 'sandbox', target, connectArguments, () => {}),
    ];
    return arms.filter(({ name }) => this.#choices.arms?.some((part) => name.includes(part)) ?? true);
  }

  async #traffic(round: number, link: LinkName, laptop: Place, load: string, arms: Arm[], product: Product) {
    const ask = async (args: readonly string[]) =>
      JSON.parse(await must(laptop, [load, ...args], { deadline: 120_000 })) as Record<string, number>;
    for (const [index] of arms.entries()) {
      // Another arm begins each round, so that none always has the warmest or the busiest machine.
      const arm = arms[(index + round) % arms.length];
      if (arm === undefined || !(this.#wants('throughput') || this.#wants('latency') || this.#wants('memory'))) {
        continue;
      }
      const address = await arm.open();
      const [busy = 0] = loadavg();
      say(`round ${round}, ${linkWords[link]}: ${arm.name} (load average ${busy.toFixed(1)})`);
      const remember = (what: string, unit: Figure['unit'], value: number | undefined) =>
        this.#add(arm.name, { name: `${linkWords[link]}: ${what}`, unit }, value ?? Number.NaN);
      const memory = async (when: string) => {
        if (arm.name !== ours || link !== 'none' || !this.#wants('memory')) {
          return;
        }
        for (const [process, size] of Object.entries(await residentMemory(this.#sandbox, product))) {
          this.#add(ours, { name: `memory of ${process} ${when}`, unit: 'MiB' }, size);
        }
      };
      try {
        await memory('after connecting');
        if (this.#wants('latency')) {
          const answer = await ask(['latency', '--address', address, '--count', link === 'none' ? '200' : '40']);
          remember('new connection p50', 'ms', answer.connectP50);
          remember('new connection p95', 'ms', answer.connectP95);
          remember('warm request p50', 'ms', answer.requestP50);
          remember('warm request p95', 'ms', answer.requestP95);
        }
        if (this.#wants('throughput')) {
          for (const flows of [1, 8]) {
            for (const direction of ['up', 'down']) {
              const span = ['--flows', `${flows}`, '--direction', direction, '--seconds', `${this.#choices.seconds}`];
              const answer = await ask(['throughput', '--address', address, ...span]);
              remember(`${flows} ${flows === 1 ? 'flow' : 'flows'} ${direction}`, 'Mbit/s', answer.megabits);
            }
          }
          await memory('after load');
        }
      } finally {
        await arm.close();
      }
    }
  }
}

function withoutUndefined(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

const command = new Command('bench')
  .option('--rounds <count>', 'how often each figure is taken', Number, 5)
  .option('--seconds <count>', 'how long each throughput is measured; the first quarter is warm-up', Number, 4)
  .addOption(new Option('--only <subjects...>').choices(['throughput', 'latency', 'connect', 'memory']))
  .addOption(new Option('--link <links...>').choices(['none', '40ms']))
  .option('--arms <names...>', 'parts of the names of the arms to measure (default: all)')
  .option('--keep-sandbox', 'leave the sandbox up for the next run', false)
  .parse();
const choices = command.opts<Choices>();
// One node: where the scheduler puts the agent must not decide the figures.
const sandbox = openSandbox({ name: 'bench', nodes: 1, laptops: ['plain'], machineLink: false });
await sandbox.up(({ text, seconds }) => say(`sandbox: ${seconds.toFixed(1)} s ${text}`));
const bench = new Bench(choices, sandbox);
const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => reject(new Error(`ended by ${signal}`)));
  }
});
try {
  const table = await Promise.race([bench.run(), interrupted]);
  const [one, five, fifteen] = loadavg().map((value) => value.toFixed(1));
  process.stdout.write(`${table}\n\n`);
  process.stdout.write(
    `${choices.rounds} rounds of ${choices.seconds} s, ${cpus().length} processors for everything, `,
  );
  process.stdout.write(`load average ${one} ${five} ${fifteen}, base image ${workload.baseImage}.\n`);
} finally {
  await bench.close();
  if (!choices.keepSandbox) {
    await sandbox.down();
  }
}
