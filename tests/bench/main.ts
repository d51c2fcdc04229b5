/**
 * `npm run bench`: what the laptop gets through Slipway, over the API server and past it, against a direct route,
 * `kubectl port-forward` and the peers whose programs are given, in turn in one run on a sandbox of its own. Prints a
 * Markdown table with the goals on standard output and progress on standard error.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { type LaptopPlace, Product } from '../cluster/product.ts';
import { workload } from '../cluster/workload.ts';
import { type Arm, directArm, portForwardArm, slipwayArm, type Target } from './arms.ts';
import { connectArguments, measureConnecting } from './connecting.ts';
import { type ArmName, arms as armNames, type Figure, type LinkName, linkNames, linkOptions, over } from './figures.ts';
import { goals } from './goals.ts';
import { buildLoad, startLoadServer } from './load-server.ts';
import { pinCongestionControl } from './machine.ts';
import { Measurements } from './measurements.ts';
import { checkProgram, kubevpn, peerArm, telepresence } from './peers.ts';
import { type Subject, subjects, Traffic } from './traffic.ts';
import { measureUsers } from './users.ts';

interface Choices {
  readonly rounds: number;
  readonly seconds: number;
  readonly only?: readonly Subject[];
  readonly link?: readonly LinkName[];
  readonly arms?: readonly string[];
  readonly telepresence?: string;
  readonly kubevpn?: string;
  readonly image?: readonly string[];
  readonly keepSandbox: boolean;
}

/** Who takes part in a round beside the arm. */
interface Parties {
  readonly product: Product;
  readonly laptop: LaptopPlace;
  readonly load: string; // path of the program
}

const peers: readonly ArmName[] = [armNames.telepresence, armNames.kubevpn];
const native = join(dirname(fileURLToPath(import.meta.url)), '../../native');
const say = (text: string) => process.stderr.write(`${text}\n`);

class Bench {
  readonly #choices: Choices;
  readonly #sandbox: Sandbox;
  readonly #measurements = new Measurements(goals);
  readonly #folder = mkdtempSync(join(tmpdir(), 'slipway-bench-product-'));
  readonly #failed = new Set<Arm>();
  #arms: readonly Arm[] = [];
  #open: Arm | undefined;
  #product: Product | undefined;
  #load: string | undefined;

  constructor(choices: Choices, sandbox: Sandbox) {
    this.#choices = choices;
    this.#sandbox = sandbox;
  }

  async run(): Promise<string> {
    const sandbox = this.#sandbox;
    await pinCongestionControl(sandbox);
    for (const archive of this.#choices.image ?? []) {
      await sandbox.importImage(archive);
    }
    const { enter, environment, pid } = sandbox.laptop('plain');
    const laptop: LaptopPlace = { enter, environment: withoutUndefined(environment), holder: pid };
    const load = await buildLoad();
    this.#load = load;
    const target = await startLoadServer(sandbox, join(sandbox.state, 'kubectl'), load);
    const product = new Product(laptop, this.#folder, sandbox.kubeconfig);
    this.#product = product;
    this.#arms = this.#makeArms(laptop, target, product);
    for (let round = 1; round <= this.#choices.rounds; round++) {
      if (subjects.some((one) => one !== 'connect' && one !== 'users' && this.#wants(one))) {
        for (const link of this.#choices.link ?? linkNames) {
          await sandbox.setLink(linkOptions[link], 'plain');
          await this.#traffic(round, link, { product, laptop, load });
        }
        await sandbox.setLink(undefined, 'plain');
      }
      if (this.#wants('connect')) {
        say(`round ${round}: connecting`);
        await measureConnecting(product, laptop, (name, value) =>
          this.#measurements.add(armNames.ours, { name, unit: 'ms' }, value),
        );
      }
      if (this.#wants('users')) {
        say(`round ${round}: one agent with 1, 10 and 100 laptops`);
        for (const { figure, value } of await measureUsers(native)) {
          this.#measurements.add(armNames.ours, figure, value);
        }
      }
    }
    return `${this.#measurements.markdown()}\n\n${this.#measurements.summary()}`;
  }

  /** Leaves nothing of a run, also of one that was interrupted; the sandbox stays. */
  async close(): Promise<void> {
    const steps = [
      () => this.#open?.close(),
      ...this.#arms.map((arm) => () => arm.end?.()),
      () => this.#product?.disconnect(),
      () => this.#sandbox.setLink(undefined, 'plain'),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        say(`not undone: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.#load !== undefined) {
      rmSync(dirname(this.#load), { recursive: true, force: true });
    }
  }

  #wants(subject: Subject): boolean {
    return this.#choices.only === undefined || this.#choices.only.includes(subject);
  }

  #makeArms(laptop: LaptopPlace, target: Target, product: Product): Arm[] {
    const { kubeconfig, state } = this.#sandbox;
    const home = join(this.#folder, 'home');
    mkdirSync(home, { mode: 0o700 });
    const place = { ...laptop, environment: { ...laptop.environment, KUBECONFIG: kubeconfig, HOME: home } };
    const given = [
      { commands: telepresence, option: '--telepresence', program: this.#choices.telepresence },
      { commands: kubevpn, option: '--kubevpn', program: this.#choices.kubevpn },
    ].flatMap(({ commands, option, program }) => {
      if (program === undefined) {
        say(`${commands.name} is left out: ${option} PATH gives its program`);
        return [];
      }
      return [peerArm(commands, place, program, target)];
    });
    const made = [
      directArm(laptop, target),
      portForwardArm(laptop, target, join(state, 'kubectl'), kubeconfig),
      ...given,
      slipwayArm(product, 'sandbox', target, connectArguments, 'apiserver'),
      slipwayArm(product, 'sandbox', target, connectArguments, 'direct'),
      slipwayArm(product, 'sandbox', target, connectArguments, 'mapped'),
    ];
    return made.filter(({ name }) => this.#choices.arms?.some((part) => name.includes(part)) ?? true);
  }

  async #traffic(round: number, link: LinkName, by: Parties) {
    for (const [index] of this.#arms.entries()) {
      // Another arm begins each round, so that none always has the warmest or the busiest machine.
      const arm = this.#arms[(index + round) % this.#arms.length];
      if (arm === undefined || this.#failed.has(arm)) {
        continue;
      }
      try {
        await this.#round(arm, round, link, by);
      } catch (error) {
        if (!peers.includes(arm.name)) {
          throw error;
        }
        // What a peer cannot do ends no run of ours, but is said.
        this.#failed.add(arm);
        say(`${arm.name} is left out from here on: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  async #round(arm: Arm, round: number, link: LinkName, by: Parties) {
    const address = await arm.open();
    this.#open = arm;
    const [busy = 0] = loadavg();
    say(`${over(link, `round ${round}`)}, ${arm.name} (load average ${busy.toFixed(1)})`);
    try {
      const add = (figure: Figure, value: number) => this.#measurements.add(arm.name, figure, value);
      const wants = (subject: Subject) => this.#wants(subject);
      const options = { ...by, sandbox: this.#sandbox, seconds: this.#choices.seconds, wants, say, add };
      await new Traffic(options, arm, address, link).measure();
    } finally {
      this.#open = undefined;
      await arm.close();
    }
  }
}

function withoutUndefined(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

const command = new Command('bench')
  .option('--rounds <count>', 'how often each figure is taken', Number, 5)
  .option('--seconds <count>', 'how long each throughput is measured; the first quarter is warm-up', Number, 4)
  .addOption(new Option('--only <subjects...>').choices(subjects))
  .addOption(new Option('--link <links...>').choices(linkNames))
  .option('--arms <names...>', 'parts of the names of the arms to measure (default: all)')
  .option('--telepresence <path>', 'its program, to measure it too')
  .option('--kubevpn <path>', 'its program, to measure it too')
  .option('--image <archives...>', 'image archives for the nodes, which pull nothing: those that a peer needs')
  .option('--keep-sandbox', 'leave the sandbox up for the next run', false)
  .parse();
const choices = command.opts<Choices>();
for (const option of ['telepresence', 'kubevpn'] as const) {
  const path = choices[option];
  if (path !== undefined) {
    checkProgram(`--${option}`, path);
  }
}
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
