/**
 * An engine without packets: it follows the commands of the link as the real one does, changes the fake laptop in
 * the same order, finds its agent in the fake cluster, and undoes everything when it is stopped, ended or killed.
 */
import { cause, type PathCandidate, type Problem, problem } from '../contract/index.ts';
import {
  type EngineCommand,
  type EngineCounters,
  type EngineEvent,
  engineCommandSchema,
  engineProtocol,
  type NameScope,
  type NamesInForce,
  type PathInForce,
  type Tested,
} from '../core/engine-messages.ts';
import type { Clock, EngineLink } from '../core/ports.ts';
import type { RouteDecision, WantedRange } from '../core/route-messages.ts';
import type { FakeCluster } from './cluster.ts';
import { triedBy } from './direct.ts';
import type { Faults, Operation } from './faults.ts';
import { FakeFlows } from './flows.ts';
import { type FakeHost, helperBusy } from './host.ts';
import { namesInForce, searchOf } from './names.ts';
import { exchanged, testedSteps } from './tested-steps.ts';
import { startTraffic } from './traffic.ts';
import { wire } from './wire-problem.ts';

type ConnectWork = Extract<EngineCommand, { command: 'connect' }>['connect'];

export class FakeEngine implements EngineLink {
  readonly processId: number;
  readonly ended: Promise<string>;
  /** Everything that it was told. */
  readonly received: EngineCommand[] = [];
  readonly #clock: Clock;
  readonly #host: FakeHost;
  readonly #cluster: FakeCluster;
  readonly #faults: Faults;
  readonly #settle: (because: string) => void;
  readonly #exited: () => void;
  readonly #flows: FakeFlows;
  #listener: ((event: EngineEvent) => void) | null = null;
  #unsent: EngineEvent[] = [];
  #isOver = false;
  #isReady = false;
  #isUp = false;
  #agent = '';
  #candidates: readonly PathCandidate[] = [];
  #path: PathInForce | null = null;
  #token = '';
  #home = '';
  #granted = '';
  #extra: readonly string[] = [];
  #namesAsked = true;
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
        return this.#prepare(command.prepare.ranges, command.prepare.protected);
      case 'connect':
        return this.#connect(command.connect);
      case 'hosts':
        return this.#host.takeHosts(command.hosts);
      case 'protect':
        return this.#host.protect(command.protect.protected);
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
        const steps = this.#testedSteps(asked.host, asked.port);
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

  #testedSteps(host: string, port: number): Tested['steps'] {
    return this.#isReady
      ? testedSteps(this.#host, this.#cluster, this.#isUp, host, port)
      : [{ step: 'name', microseconds: 1, problem: { code: 'route-missing', cause: 'nothing is connected' } }];
  }

  async #prepare(ranges: readonly WantedRange[], protectedAddresses: readonly string[]): Promise<void> {
    const fault = await this.#faults.pass('prepare');
    const refused =
      fault?.problem ??
      (this.#host.helperRuns ? null : problem('helper-missing', 'its socket does not answer')) ??
      (this.#host.lease === null || this.#host.lease === this.processId ? null : helperBusy) ??
      (this.#host.tunAvailable ? null : problem('tun-unavailable', cause('noTun')));
    if (refused !== null) {
      this.#say({ event: 'failed', failed: { during: 'prepare', problem: wire(refused), leftOver: 0 } });
      return;
    }
    if (this.#isOver) {
      return;
    }
    const host = this.#host.inspect();
    const decisions = this.#host.check(ranges, protectedAddresses);
    this.#host.lease = this.processId;
    const helper = { protocol: engineProtocol, build: this.#host.build, role: 'helper' };
    this.#say({ event: 'prepared', prepared: { helper, host, decisions } });
  }

  async #connect(work: ConnectWork): Promise<void> {
    const { agent, credentials, scope, names } = work;
    let decisions: RouteDecision[] = [];
    this.#agent = agent.pod;
    this.#token = credentials.bearerToken ?? '';
    const steps: [Operation & ('tunnel' | 'routes' | 'names' | 'verify'), () => void][] = [
      ['tunnel', () => {}],
      [
        'routes',
        () => {
          this.#host.tun = `slipway${this.processId}`;
          decisions = this.#host.setRoutes(work.ranges, work.protected, (now) => {
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
          if (names) {
            this.#host.names = ['svc', this.#cluster.domain];
          }
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
      const problemOfStep = fault?.problem ?? (step === 'tunnel' ? this.#problemOfAgent() : null);
      if (problemOfStep !== null && problemOfStep.code !== 'resolver-unset') {
        const leftOver = this.#host.undo();
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
    this.#home = scope.homeNamespace;
    this.#granted = scope.granted ?? '';
    this.#extra = scope.extra ?? [];
    this.#namesAsked = names;
    this.#say({
      event: 'ready',
      ready: {
        interface: this.#host.tun ?? '',
        mtu: 65000,
        path: 'apiserver',
        routes: decisions,
        names: this.#namesInForce(),
        agent: {
          build: 'fake-build',
          nameservers: ['10.96.0.10'],
          clusterDomain: this.#cluster.domain,
          search: searchOf(this.#home, this.#cluster.domain),
          canPing: true,
        },
        addresses: work.wantedAddresses ?? [
          { laptop: `198.18.${this.processId}.2`, engine: `198.18.${this.processId}.3` },
        ],
      },
    });
    this.#count(startTraffic(this.#host.routes));
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

  #namesInForce(): NamesInForce {
    const { domain } = this.#cluster;
    return namesInForce(this.#host, {
      domain,
      home: this.#home,
      granted: this.#granted,
      extra: this.#extra,
      asked: this.#namesAsked,
    });
  }

  #takeScope({ homeNamespace, granted = '', extra = [] }: NameScope): void {
    const isOther =
      homeNamespace !== this.#home || granted !== this.#granted || extra.join(' ') !== this.#extra.join(' ');
    this.#home = homeNamespace;
    this.#granted = granted;
    this.#extra = extra;
    if (this.#isReady && this.#namesAsked && isOther) {
      this.#say({ event: 'names', names: this.#namesInForce() });
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

  #problemOfAgent(): Problem | null {
    if (!this.#cluster.isReachable) {
      return problem('api-unreachable', 'connection refused');
    }
    if (this.#token !== this.#cluster.token) {
      return problem('unauthorized', 'the API server answered 401');
    }
    return this.#cluster.agents.get(this.#agent) === true ? null : problem('agent-gone', `${this.#agent} not found`);
  }

  /** Looks whether the data path still works, as heartbeats do. */
  #look(): void {
    if (this.#isOver || !this.#isReady) {
      return;
    }
    const trouble = this.#problemOfAgent();
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
