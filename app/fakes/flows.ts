/**
 * The connections that a fake laptop's programs have: a database's shell that is held, a download, a web page, one of
 * another user, one that nobody answers, and what was refused or cut lately. The same each time. Told as the engine
 * tells them: at once, again soon, then each second, as differences.
 */
import type { FlowState, Service } from '../contract/index.ts';
import type { EngineFlow, EngineFlows } from '../core/flow-messages.ts';
import type { Clock } from '../core/ports.ts';
import type { FakeCluster } from './cluster.ts';
import type { FakeHost } from './host.ts';
import { scatter } from './traffic.ts';

type Program = NonNullable<EngineFlow['program']>;

interface Part {
  readonly service: string;
  /** In milliseconds before watching began. */
  readonly began: number;
  readonly state?: FlowState;
  /** In milliseconds after it began. */
  readonly took?: number;
  /** Bytes a second. */
  readonly up?: number;
  readonly down?: number;
  readonly program: Program | null;
  /** To the first endpoint rather than the Service. */
  readonly isPod?: boolean;
}

const jane = (pid: number, name: string, executable: string): Program => ({ user: 'jane', pid, name, executable });
const stranger: Program = { user: 'postgres', pid: 0, name: '', executable: '' };

const curl = jane(41_877, 'curl', '/usr/bin/curl');
const browser = jane(3_120, 'firefox', '/usr/lib/firefox/firefox');
const parts: readonly Part[] = [
  {
    ...{ service: 'orders-db', began: 2_520_000, up: 310, down: 4_800 },
    program: jane(40_112, 'psql', '/usr/lib/postgresql/17/bin/psql'),
  },
  { service: 'images', began: 41_000, up: 9_000, down: 6_400_000, program: curl },
  { service: 'frontend', began: 9_000, up: 2_100, down: 88_000, program: browser },
  { service: 'frontend', began: 8_800, program: browser },
  { service: 'sessions', began: 18_300_000, up: 40, down: 60, program: jane(22_908, 'java', '/opt/jdk/bin/java') },
  { service: 'postgres-replica', began: 610_000, up: 1_200, down: 1_300, program: stranger },
  { service: 'grafana', began: 300_000, program: null },
  {
    ...{ service: 'kafka', began: 120_000, state: 'laptopEnded', down: 700 },
    program: jane(39_001, 'kcat', '/usr/bin/kcat'),
  },
  { service: 'search', began: 14_000, state: 'opening', program: jane(42_010, 'python3.12', '/usr/bin/python3.12') },
  { service: 'payments', began: 21_000, state: 'refused', took: 3, program: curl, isPod: true },
  {
    service: 'legacy-soap',
    began: 95_000,
    state: 'silent',
    took: 63_000,
    program: jane(41_500, 'telnet', '/usr/bin/telnet'),
  },
  { ...{ service: 'kubelet', began: 33_000, state: 'prohibited', took: 4 }, program: curl },
  {
    ...{ service: 'rabbitmq', began: 700_000, state: 'resetByCluster', took: 655_000 },
    program: jane(30_777, 'node', '/usr/bin/node'),
  },
  { service: 'cart', began: 12_000, state: 'closed', took: 40, program: browser },
];

/** How often the engine tells, in milliseconds; the second time comes soon. */
const every = 1000;
const soon = 300;

export class FakeFlows {
  readonly #clock: Clock;
  readonly #cluster: FakeCluster;
  readonly #host: FakeHost;
  readonly #say: (flows: EngineFlows) => void;
  #isWatched = false;
  #isReady = false;
  #watchedAt = 0;
  #told: ReadonlyMap<number, string> | null = null;
  #cancel: () => void = () => {};

  constructor(clock: Clock, cluster: FakeCluster, host: FakeHost, say: (flows: EngineFlows) => void) {
    this.#clock = clock;
    this.#cluster = cluster;
    this.#host = host;
    this.#say = say;
  }

  watch(isWatched: boolean): void {
    if (isWatched !== this.#isWatched) {
      this.#isWatched = isWatched;
      this.#begin();
    }
  }

  /** The engine is connected. */
  ready(): void {
    this.#isReady = true;
    this.#begin();
  }

  end(): void {
    this.#isReady = false;
    this.#cancel();
  }

  #begin(): void {
    this.#cancel();
    this.#told = null;
    if (this.#isWatched && this.#isReady) {
      this.#watchedAt = this.#clock.now();
      this.#tell(soon);
    }
  }

  #tell(next: number): void {
    const flows = this.#flows();
    const told = new Map(flows.map((flow) => [flow.id, JSON.stringify(flow)]));
    const before = this.#told;
    this.#told = told;
    this.#cancel = this.#clock.after(next, () => this.#tell(every));
    const live = flows.filter(({ endedAt }) => endedAt === 0);
    this.#say({
      all: before === null,
      changed: flows.filter(({ id }) => before?.get(id) !== told.get(id)),
      gone: [...(before?.keys() ?? [])].filter((id) => !told.has(id)),
      live: live.length + this.#host.flows.more,
      opening: live.filter(({ state }) => state === 'opening').length,
      path: 'apiserver',
      roundTripMicroseconds: 1700 + (scatter(this.#clock.now() >> 10) % 300),
      programsKnown: this.#host.flows.programsKnown,
    });
  }

  #flows(): EngineFlow[] {
    const { kind } = this.#host.flows;
    const { services } = this.#cluster;
    if (kind === 'none') {
      return [];
    }
    if (kind === 'usual') {
      return parts.flatMap((part, index) => {
        const service = services.find(({ name }) => name === part.service) ?? services[index];
        return service === undefined ? [] : [this.#flow(index + 1, part, service)];
      });
    }
    const reachable = services.filter(({ addresses }) => addresses.length > 0);
    return Array.from({ length: kind === 'many' ? 1000 : reachable.length }, (_, index) => {
      const service = reachable[index % reachable.length] as Service;
      const text = service.name;
      const program = kind === 'many' ? browser : { user: text, pid: index, name: text, executable: `/opt/${text}` };
      return this.#flow(
        index + 1,
        { service: text, began: index * 1000, up: index, down: index * 9, program },
        service,
      );
    });
  }

  #flow(id: number, part: Part, service: Service): EngineFlow {
    const { began, state = 'open', took = 0, up = 0, down = 0, program, isPod = false } = part;
    const beganAt = this.#watchedAt - began;
    const port = service.ports.find(({ protocol }) => protocol === 'TCP')?.port ?? 80;
    const address =
      (isPod || service.headless ? service.endpoints[0]?.address : service.addresses[0]) ??
      service.addresses[0] ??
      '10.244.9.9';
    const isOver = took > 0;
    const seconds = Math.floor((this.#clock.now() - beganAt) / 1000);
    const isOpening = state === 'opening';
    const isAnswered = !isOpening && state !== 'silent';
    return {
      id,
      source: `198.18.0.2:${40_000 + id}`,
      destination: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
      state,
      beganAt,
      endedAt: isOver ? beganAt + took : 0,
      bytesUp: isOver || isOpening ? (state === 'resetByCluster' ? 91_200 : 0) : up * seconds + 517,
      bytesDown: isOver || isOpening ? (state === 'resetByCluster' ? 2_150_000 : 0) : down * seconds + 3_120,
      rateUp: isOver ? 0 : up,
      rateDown: isOver ? 0 : down,
      answerMicroseconds: isAnswered ? 2_300 + 150 * (id % 7) : 0,
      tunnelMicroseconds: isAnswered ? 1_700 : 0,
      program: this.#host.flows.programsKnown ? program : null,
    };
  }
}
