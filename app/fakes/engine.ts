/**
 * An engine without packets: it follows the commands of the link as the real one does, changes the fake laptop in
 * the same order, finds its agent in the fake cluster, and undoes everything when it is stopped, ended or killed.
 */
import { cause, type PathCandidate, problem } from '../contract/index.ts';
import {
  type EngineCommand,
  type EngineCounters,
  type EngineEvent,
  engineCommandSchema,
  engineProtocol,
  type NameScope,
  type PathInForce,
  type Tested,
} from '../core/engine-messages.ts';
import type { Clock, EngineLink } from '../core/ports.ts';
import type { RouteDecision } from '../core/route-messages.ts';
import type { FakeCluster } from './cluster.ts';
import { triedBy } from './direct.ts';
import { addressesOf, factsOfAgent, problemOfAgent } from './engine-agent.ts';
import type { Faults, Operation } from './faults.ts';
import { FakeFlows } from './flows.ts';
import { type FakeHost, helperBusy } from './host.ts';
import { FakeNames } from './names.ts';
import { decidedByProxy, fakeProxy, laptopInMemory, preparedByProxy } from './proxy.ts';
import { exchanged, testedSteps } from './tested-steps.ts';
import { startTraffic } from './traffic.ts';
import { wire } from './wire-problem.ts';

type TestWork = Omit<Extract<EngineCommand, { command: 'test' }>['test'], 'id'>;
type PrepareWork = Extract<EngineCommand, { command: 'prepare' }>['prepare'];
type ConnectWork = Extract<EngineCommand, { command: 'connect' }>['connect'];

export class FakeEngine implements EngineLink {
  readonly processId: number;
  readonly ended: Promise<string>;
  /** Everything that it was told. */
  readonly received: EngineCommand[] = [];
  readonly #clock: Clock;
  /** The laptop; once it holds a lease, as that has it. */
  #host: FakeHost;
  readonly #cluster: FakeCluster;
  readonly #faults: Faults;
  readonly #settle: (because: string) => void;
  readonly #exited: () => void;
  readonly #flows: FakeFlows;
  readonly #names: FakeNames;
  #listener: ((event: EngineEvent) => void) | null = null;
  #unsent: EngineEvent[] = [];
  #isOver = false;
  #isReady = false;
  #isUp = false;
  #agent = '';
  #candidates: readonly PathCandidate[] = [];
  #path: PathInForce | null = null;
  #token = '';
  #withProxy = false;
  #carried: string[] = []; // with a proxy: ranges
  #unwatch: () => void = () => {};
  #unlisten: () => void = () => {};
  #cancelCounting: () => void = () => {};

  constructor(number: number, clock: Clock, host: FakeHost, cluster: FakeCluster, faults: Faults, exited: () => void) {
    this.processId = number;
    this.#clock = clock;
    this.#host = host;
    this.#cluster = cluster;
    this.#faults = faults;
    this.#exited = exited;
    this.#names = new FakeNames(() => cluster.domain);
    this.#flows = new FakeFlows(clock, cluster, host, (flows) => this.#say({ event: 'flows', flows }));
    let settle: (because: string) => void = () => {};
    this.ended = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settle = settle;
  }

  send(command: EngineCommand): void {
    if (this.#isOver) {
      return;
    }
    // As if it had gone through a pipe: what cannot be written as JSON would be lost there too.
    const read = engineCommandSchema.parse(JSON.parse(JSON.stringify(command)));
    this.received.push(read);
    void this.#follow(read);
  }

  listen(listener: (event: EngineEvent) => void): void {
    this.#listener = listener;
    const unsent = this.#unsent;
    this.#unsent = [];
    unsent.forEach(listener);
  }

  async end(): Promise<void> {
    if (!this.#isOver) {
      await this.#stop();
    }
    await this.ended;
  }

  /** Ends as by SIGKILL; the helper notices the closed link and undoes. */
  kill(): void {
    if (this.#isOver) {
      return;
    }
    this.#exit('killed by SIGKILL');
    if (this.#host.helperRuns) {
      void this.#faults.wait(20).then(() => this.#releaseLease());
    }
  }

  /** The helper ends as by SIGKILL: nothing is undone until the next one replays the journal. */
  loseHelper(): void {
    this.#host.helperRuns = false;
    this.#host.lease = null;
    this.#say({ event: 'helperLost', problem: { code: 'helper-lost', cause: 'the helper closed its link' } });
    this.#exit('exited with 1');
  }

  /** The API server answers 401 from now on until new credentials come. */
  refuseCredentials(): void {
    this.#say({ event: 'needCredentials' });
  }

  say(event: EngineEvent): void {
    this.#say(event);
  }

  #say(event: EngineEvent): void {
    if (this.#isOver) {
      return;
    }
    if (this.#listener === null) {
      this.#unsent.push(event);
    } else {
      this.#listener(event);
    }
  }

  async #follow(command: EngineCommand): Promise<void> {
    switch (command.command) {
      case 'prepare':
        return command.prepare.withProxy === true
          ? this.#say(await preparedByProxy(this.#faults, this.#host, command.prepare.ranges))
          : this.#prepare(command.prepare);
      case 'connect':
        return this.#connect(command.connect);
      case 'hosts':
      case 'plan':
      case 'protect':
        return this.#host.follow(command);
      case 'agent':
        this.#agent = command.agent.pod;
        await this.#faults.wait(5);
        return this.#look();
      case 'direct':
        this.#candidates = command.direct.candidates;
        await this.#faults.wait(20);
        return this.#tellPath();
      case 'credentials':
        this.#token = command.credentials.bearerToken ?? '';
        return;
      case 'test': {
        await this.#faults.wait(5);
        const { id, ...asked } = command.test;
        const steps = this.#testedSteps(asked);
        const planned = asked.request === undefined ? null : await this.#faults.pass('http');
        const found = exchanged(this.#host, steps, asked, planned?.problem ?? null);
        return this.#say({ event: 'tested', tested: { id, ...found } });
      }
      case 'stop':
        return this.#stop();
      case 'scope':
        await this.#faults.wait(5);
        return this.#takeScope(command.scope);
      case 'flows':
        return this.#flows.watch(command.flows.watched);
      case 'checkReach':
        await this.#faults.wait(5);
        return this.#tellReach(command.checkReach.id);
      default: // nothing that anybody would see
        return;
    }
  }

  #testedSteps(asked: TestWork): Tested['steps'] {
    return this.#isReady
      ? testedSteps(this.#withProxy ? laptopInMemory(this.#carried) : this.#host, this.#cluster, this.#isUp, asked)
      : [{ step: 'name', microseconds: 1, problem: { code: 'route-missing', cause: 'nothing is connected' } }];
  }

  async #prepare(work: PrepareWork): Promise<void> {
    const fault = await this.#faults.pass('prepare');
    const refused =
      fault?.problem ??
      (this.#host.helperRuns ? null : problem('helper-missing', 'its socket does not answer')) ??
      (this.#host.tunAvailable ? null : problem('tun-unavailable', cause('noTun'))) ??
      (this.#isOver || this.#takeLease(work.group ?? '') ? null : helperBusy);
    if (refused !== null) {
      this.#say({ event: 'failed', failed: { during: 'prepare', problem: wire(refused), leftOver: 0 } });
      return;
    }
    if (this.#isOver) {
      return;
    }
    const host = { ...this.#host.inspect(), leaseHeld: false };
    const decisions = this.#host.check(work);
    const helper = { protocol: engineProtocol, build: this.#host.build, role: 'helper' };
    this.#say({ event: 'prepared', prepared: { helper, host, decisions } });
  }

  #takeLease(group: string): boolean {
    const lease = this.#host.leaseFor(this.processId, group);
    this.#host = lease ?? this.#host;
    return lease !== null;
  }

  async #connect(work: ConnectWork): Promise<void> {
    const { agent, credentials, scope, names, proxy } = work;
    let decisions: RouteDecision[] = [];
    this.#agent = agent.pod;
    this.#names.begin(scope, names, proxy !== undefined);
    this.#token = credentials.bearerToken ?? '';
    const steps: [Operation & ('tunnel' | 'routes' | 'names' | 'verify'), () => void][] = [
      ['tunnel', () => {}],
      [
        'routes',
        () => {
          if (proxy !== undefined) {
            decisions = decidedByProxy(work.ranges);
            this.#carried = decisions.flatMap((one) => (one.decision === 'routed' ? [one.prefix] : []));
            return;
          }
          this.#host.tun = `slipway${this.processId}`;
          this.#host.mappings = work.mappings ?? [];
          decisions = this.#host.setRoutes(work, (now) => {
            decisions = now;
            if (this.#isReady) {
              this.#say({ event: 'routes', routes: { decisions: now } });
            }
          });
          this.#host.timesChanged += 1;
        },
      ],
      [
        'names',
        () => {
          this.#names.putOn(this.#host);
        },
      ],
      ['verify', () => {}],
    ];
    for (const [step, change] of steps) {
      this.#say({ event: 'step', step: { step } });
      const fault = await this.#faults.pass(step);
      if (this.#isOver) {
        return;
      }
      const problemOfStep =
        fault?.problem ?? (step === 'tunnel' ? problemOfAgent(this.#cluster, this.#agent, this.#token) : null);
      if (problemOfStep !== null && problemOfStep.code !== 'resolver-unset') {
        const leftOver = this.#releaseLease();
        this.#say({ event: 'failed', failed: { during: step, problem: wire(problemOfStep), leftOver } });
        return;
      }
      if (problemOfStep === null) {
        change();
      }
    }
    this.#isReady = true;
    this.#isUp = true;
    this.#unwatch = this.#cluster.listen(() => {
      this.#look();
      this.#tellPath();
    });
    this.#withProxy = proxy !== undefined;
    this.#say({
      event: 'ready',
      ready: {
        interface: proxy === undefined ? (this.#host.tun ?? '') : '',
        mtu: 65000,
        path: 'apiserver',
        routes: decisions,
        names: this.#names.inForce(this.#host),
        ...(proxy === undefined ? {} : { proxy: fakeProxy(proxy.port) }),
        agent: factsOfAgent(this.#cluster, this.#names.search()),
        addresses: work.wantedAddresses ?? addressesOf(this.processId),
      },
    });
    this.#count(startTraffic(proxy === undefined ? this.#host.routes : this.#carried));
    this.#flows.ready();
    this.#unlisten = this.#host.reach.listen(() => this.#tellReach());
    await this.#faults.wait(1);
    this.#tellReach();
    this.#tellPath();
  }

  /** What came of the places to try, where that is another than before. */
  #tellPath(): void {
    const next = triedBy(this.#cluster, this.#candidates, this.#path);
    if (this.#isReady && this.#isUp && JSON.stringify(next) !== JSON.stringify(this.#path)) {
      this.#path = next;
      this.#say({ event: 'path', path: next });
    }
  }

  #tellReach(id?: number): void {
    if (this.#isReady) {
      const checks = this.#host.reach.verdict(this.#host.routes[0] ?? '');
      this.#say({ event: 'reach', reach: { ...(id === undefined ? {} : { id }), checks } });
    }
  }

  #takeScope(scope: NameScope): void {
    if (this.#names.take(scope) && this.#isReady) {
      this.#names.putOn(this.#host);
      this.#say({ event: 'names', names: this.#names.inForce(this.#host) });
    }
  }

  #count(traffic: () => EngineCounters): void {
    this.#cancelCounting = this.#clock.after(1000, () => {
      // Nothing goes through a tunnel that is down; what was counted stays.
      if (this.#isUp) {
        this.#say({ event: 'counters', counters: traffic() });
      }
      this.#count(traffic);
    });
  }

  /** Looks whether the data path still works, as heartbeats do. */
  #look(): void {
    if (this.#isOver || !this.#isReady) {
      return;
    }
    const trouble = problemOfAgent(this.#cluster, this.#agent, this.#token);
    if (trouble === null) {
      this.#isUp = true;
      this.#say({
        event: 'tunnel',
        tunnel: { state: 'up', path: this.#path?.path ?? 'apiserver', roundTripMicroseconds: 900 },
      });
      return;
    }
    if (this.#isUp) {
      this.#isUp = false;
      const because = wire(trouble);
      this.#say({ event: 'tunnel', tunnel: { state: 'down', path: 'apiserver', attempt: 1, because } });
    }
    if (trouble.code === 'unauthorized') {
      this.#say({ event: 'needCredentials' });
    } else if (trouble.code === 'agent-gone') {
      this.#say({ event: 'agentLost', problem: wire(trouble) });
    }
  }

  async #stop(): Promise<void> {
    await this.#faults.wait(10);
    if (!this.#isOver) {
      this.#say({ event: 'stopped', stopped: { leftOver: this.#releaseLease() } });
      this.#exit('');
    }
  }

  #releaseLease(): number {
    return this.#host.lease === this.processId ? this.#host.undo() : 0;
  }

  #exit(because: string): void {
    this.#isOver = true;
    this.#unwatch();
    this.#unlisten();
    this.#cancelCounting();
    this.#flows.end();
    this.#exited();
    this.#settle(because);
  }
}
