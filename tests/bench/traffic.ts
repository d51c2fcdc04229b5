/** What is measured through one open arm: small requests, names, transfers with what they cost, and memory. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Product } from '../cluster/product.ts';
import { eventually, must, type Place } from '../cluster/programs.ts';
import { workload } from '../cluster/workload.ts';
import type { Arm } from './arms.ts';
import {
  arms,
  beside,
  besideFlows,
  bothOfUs,
  type Figure,
  type LinkName,
  memoryOf,
  over,
  type Span,
  small,
  spansOf,
} from './figures.ts';
import { agentsOf, type Groups, groupsOf, residentMemory } from './machine.ts';
import { costBetween, type Used, usedBy } from './processor.ts';

export const subjects = ['throughput', 'latency', 'beside', 'names', 'connect', 'memory', 'users'] as const;
export type Subject = (typeof subjects)[number];

export interface TrafficOptions {
  readonly sandbox: Sandbox;
  readonly product: Product;
  readonly laptop: Place;
  /** Path of the load program. */
  readonly load: string;
  readonly seconds: number;
  readonly wants: (subject: Subject) => boolean;
  readonly say: (text: string) => void;
  readonly add: (figure: Figure, value: number) => void;
}

type Answer = Readonly<Record<string, number>>;

export class Traffic {
  readonly #options: TrafficOptions;
  readonly #arm: Arm;
  readonly #address: string;
  readonly #link: LinkName;
  #agents: readonly number[] = [];

  /** `address`: what opening the arm answered. */
  constructor(options: TrafficOptions, arm: Arm, address: string, link: LinkName) {
    this.#options = options;
    this.#arm = arm;
    this.#address = address;
    this.#link = link;
  }

  async measure(): Promise<void> {
    const { wants, sandbox } = this.#options;
    this.#agents = isOurs(this.#arm) ? await agentsOf(sandbox) : [];
    const memory = wants('memory') && this.#link === 'none' && isOurs(this.#arm);
    if (memory) {
      this.#remember(residentMemory(this.#groups()), 'at rest');
    }
    if (wants('latency') || wants('beside')) {
      await this.#small();
    }
    if (wants('names') && this.#arm.resolves && this.#link === 'none') {
      await this.#names();
    }
    let most: Record<string, number> = {};
    if (wants('throughput') || memory) {
      for (const span of spansOf(this.#link)) {
        const sizes = await this.#transfer(span, memory);
        most = Object.fromEntries(Object.entries(sizes).map(([what, size]) => [what, Math.max(size, most[what] ?? 0)]));
      }
      this.#remember(most, 'under load');
    }
    if (wants('beside') && this.#link !== '40ms-loss') {
      for (const flows of besideFlows) {
        await this.#beside(flows);
      }
    }
  }

  #groups(): Groups {
    return groupsOf(this.#options.sandbox, this.#options.product, this.#agents);
  }

  #remember(sizes: Record<string, number>, when: 'at rest' | 'under load'): void {
    for (const [what, size] of Object.entries(sizes)) {
      this.#options.add({ name: memoryOf(what, when), unit: 'MiB' }, size);
    }
  }

  async #ask(args: readonly string[]): Promise<Answer> {
    const { laptop, load } = this.#options;
    return JSON.parse(await must(laptop, [load, ...args], { deadline: 120_000 }));
  }

  /** Does it while the arm's way holds; undefined where that changed meanwhile, which would make it a figure of another way. */
  async #held<T>(what: string, action: () => Promise<T>): Promise<T | undefined> {
    const holds = async () => (await this.#arm.holds?.()) ?? true;
    if (await eventually(holds, 15_000, 50)) {
      const result = await action();
      if (await holds()) {
        return result;
      }
    }
    this.#options.say(`left out, because ${this.#arm.name} was on another path: ${over(this.#link, what)}`);
    return undefined;
  }

  #add(what: string, unit: Figure['unit'], value: number | undefined): void {
    if (value !== undefined) {
      this.#options.add({ name: over(this.#link, what), unit }, value);
    }
  }

  #addSmall(answer: Answer, name: (what: string) => string): void {
    for (const [key, what] of Object.entries(small)) {
      this.#add(name(what), 'ms', answer[key]);
    }
  }

  async #small(): Promise<void> {
    const count = this.#link === 'none' ? '200' : '40';
    const answer = await this.#held('small requests', () =>
      this.#ask(['latency', '--address', this.#address, '--count', count]),
    );
    if (answer !== undefined) {
      this.#addSmall(answer, (what) => what);
    }
  }

  async #names(): Promise<void> {
    const names = [
      '--name',
      `${workload.http.fullName}.`,
      '--fresh',
      `*.${workload.http.namespace}.pod.cluster.local.`,
    ];
    const ask = () => this.#ask(['names', ...names, '--count', '200']);
    const answer = await this.#held('names', async () => {
      try {
        return await ask();
      } catch (error) {
        if (isOurs(this.#arm)) {
          throw error;
        }
        // A peer without names here has its other figures all the same.
        this.#options.say(
          `no names through ${this.#arm.name}: ${error instanceof Error ? error.message : String(error)}`,
        );
        return undefined;
      }
    });
    this.#add('name from cache p50', 'ms', answer?.cachedP50);
    this.#add('name from the cluster p50', 'ms', answer?.clusterP50);
  }

  #load({ flows, direction }: Omit<Span, 'name'>, seconds: number): Promise<Answer> {
    const span = ['--flows', `${flows}`, '--direction', direction, '--seconds', `${seconds}`];
    return this.#ask(['throughput', '--address', this.#address, ...span]);
  }

  /** One transfer, what it cost, and where asked for what our processes held in its midst. */
  async #transfer(span: Span, memory: boolean): Promise<Record<string, number>> {
    const { seconds } = this.#options;
    let sizes: Record<string, number> = {};
    await this.#held(span.name, async () => {
      const before = usedBy(this.#groups().all);
      const sampled = pause(memory ? seconds * 750 : 0).then(() => {
        sizes = memory ? residentMemory(this.#groups()) : {};
      });
      const [answer] = await Promise.all([this.#load(span, seconds), sampled]);
      const groups = this.#groups();
      return { answer, groups, before, after: usedBy(groups.all) };
    }).then((taken) => {
      if (taken !== undefined && this.#options.wants('throughput')) {
        this.#add(span.name, 'Mbit/s', taken.answer.megabits);
        this.#addCost(span, taken);
      }
    });
    return sizes;
  }

  #addCost(span: Span, { answer, groups, before, after }: Taken): void {
    const gigabits = (answer.movedBits ?? Number.NaN) / 1e9;
    const megabytes = (answer.movedBits ?? Number.NaN) / 8e6;
    const all = costBetween(before, after, groups.all);
    const rows: Record<string, { seconds: number; switches: number }> = {
      // The load on the laptop has ended and tells its own.
      'all programs': {
        seconds: all.seconds + (answer.processorSeconds ?? Number.NaN),
        switches: all.switches + (answer.switches ?? Number.NaN),
      },
    };
    if (groups.agent.length > 0) {
      const engine = costBetween(before, after, groups.engine);
      const agent = costBetween(before, after, groups.agent);
      const both = { seconds: engine.seconds + agent.seconds, switches: engine.switches + agent.switches };
      Object.assign(rows, { engine, agent, [bothOfUs]: both });
    }
    for (const [whose, cost] of Object.entries(rows)) {
      this.#add(`${span.name}, processor of ${whose}`, 's/Gbit', cost.seconds / gigabits);
      this.#add(`${span.name}, task switches of ${whose}`, '/MB', cost.switches / megabytes);
    }
  }

  /** Small requests in the midst of a download, which goes on a little longer. */
  async #beside(flows: number): Promise<void> {
    const { seconds } = this.#options;
    const span = ((seconds + 0.5) * 4) / 3;
    const answers = await this.#held(beside(flows, 'small requests'), () =>
      Promise.all([
        this.#load({ flows, direction: 'down' }, span),
        pause(span * 250).then(() =>
          this.#ask(['latency', '--address', this.#address, '--count', '2000', '--within', `${seconds}`]),
        ),
      ]),
    );
    if (answers !== undefined) {
      const [bulk, requests] = answers;
      this.#addSmall(requests, (what) => beside(flows, what));
      this.#add(`${flows === 1 ? '1 flow' : `${flows} flows`} down beside small requests`, 'Mbit/s', bulk.megabits);
    }
  }
}

function isOurs({ name }: Arm): boolean {
  return name === arms.ours || name === arms.ourDirect;
}

interface Taken {
  readonly answer: Answer;
  readonly groups: Groups;
  readonly before: Used;
  readonly after: Used;
}
