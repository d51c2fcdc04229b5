/**
 * A laptop without a kernel: interface, routes and names as the helper would set them under a lease, and the helper's
 * rules as far as they matter to the core. It undoes by itself when the lease's holder goes away. Leases of the same group
 * are kept beside, each as a laptop of its own that knows what the earlier ones have.
 */
import { type HelperState, problem, type Result, realBy, success, toldBy } from '../contract/index.ts';
import { parsePrefix } from '../contract/prefix.ts';
import type { EngineCommand, HostInspection, NamesInForce } from '../core/engine-messages.ts';
import type { HelperPort } from '../core/ports.ts';
import type { HostsChange, Mapping, RouteDecision, WantedRange } from '../core/route-messages.ts';
import { type Faults, unlessPlanned } from './faults.ts';
import { lengthOf, overlaps, subtract } from './prefixes.ts';
import { FakeReach } from './reach.ts';

/** A network that the laptop is in, or one that a route of it leads to. */
export interface HostNetwork {
  readonly prefix: string;
  readonly interface: string;
  readonly isRoute?: true;
  /** The route's gateway. */
  readonly by?: string;
}

/** What the helper is asked for, as the engine says it. */
interface Asked {
  readonly ranges: readonly WantedRange[];
  readonly protected: readonly string[];
  readonly nodes?: readonly string[] | undefined;
}

export class FakeHost {
  /** How Services answer its requests, and where connections to them spend how many microseconds. */
  httpStatus = 'HTTP/1.1 200 OK';
  times = { laptop: 310, tunnel: 1802, dial: 821, service: 2600 };
  networks: HostNetwork[] = [{ prefix: '192.168.1.0/24', interface: 'wlan0' }];
  resolverMode = 'resolv-conf';
  upstreams = ['192.168.1.1'];
  tunAvailable = true;
  /** How many changes resist undoing. */
  stubborn = 0;

  /** What gets from it into the cluster. */
  readonly reach = new FakeReach();
  /** Which connections its programs have, and how many more than are told. */
  readonly flows = { kind: 'usual' as 'usual' | 'none' | 'hostile' | 'many', more: 0, programsKnown: true };
  helperRuns = false;
  build = 'fake-build';
  /** Who holds the lease: the number of an engine. */
  lease: number | null = null;
  /** Interfaces besides the usual ones and ours. */
  links: readonly string[] = [];
  tun: string | null = null;
  routes: string[] = [];
  /** What the cluster shows, as the engine told it. */
  hosts: ReadonlySet<string> = new Set();
  names: string[] = [];
  leftOver = 0;
  /** How many engines ever had changes in force. */
  timesChanged = 0;

  /** Later leases of the same group. */
  readonly beside: FakeHost[] = [];
  #earlier: readonly FakeHost[] = [];
  #first: FakeHost = this;
  #group = '';
  /** A rule of another network's that leads everything elsewhere, before which ours stands. */
  rule: { readonly text: string; readonly interface: string } | null = null;
  /** Ranges that the helper refuses whatever network the laptop is in, with the reason. */
  refusals: Readonly<Record<string, string>> = {};
  /** Names that the policy does not let the cluster answer for, with the reason. */
  nameRefusals: NamesInForce['refused'] = [];
  /** Ranges that have other addresses on the laptop. */
  mappings: readonly Mapping[] = [];

  #asked: Asked = { ranges: [], protected: [] };
  #decideAnew: (isToldAnyway?: boolean) => void = () => {};

  /** The laptop as the holder of this lease has it; null where the helper gives none. */
  leaseFor(holder: number, group: string): FakeHost | null {
    const all = [this, ...this.beside];
    const held = all.filter(({ lease }) => lease !== null);
    const own = held.find(({ lease }) => lease === holder);
    if (own !== undefined || held.length === 0) {
      return this.#leaseTo(own ?? this, holder, group);
    }
    if (group === '' || held.some((one) => one.#group !== group)) {
      return null;
    }
    const next = this.lease === null ? this : new FakeHost();
    if (next !== this) {
      const { networks, resolverMode, upstreams, tunAvailable, helperRuns, build } = this;
      Object.assign(next, { networks, resolverMode, upstreams, tunAvailable, helperRuns, build });
      next.#earlier = all;
      next.#first = this;
      this.beside.push(next);
    }
    return this.#leaseTo(next, holder, group);
  }

  /** Whether the names of another lease are in force: then none of this one's can be. */
  isNamedByAnother(): boolean {
    return [this.#first, ...this.#first.beside].some((host) => host !== this && host.names.length > 0);
  }

  #leaseTo(host: FakeHost, holder: number, group: string): FakeHost {
    host.lease = holder;
    host.#group = group;
    return host;
  }

  /** The laptop goes to other networks, and the helper decides anew. */
  moveTo(networks: readonly HostNetwork[]): void {
    for (const host of [this, ...this.beside]) {
      host.networks = [...networks];
      host.#decideAnew();
    }
  }

  /** The address that programs know for one of the cluster, and the other way round. */
  virtualOf(address: string): string {
    return toldBy(
      this.mappings.filter(({ retired }) => retired !== true),
      address,
    );
  }
  realOf(address: string): string {
    return realBy(this.mappings, address);
  }

  /** Other addresses must not be routed from now on. */
  protect(addresses: readonly string[]): void {
    this.#asked = { ...this.#asked, protected: addresses };
    this.#decideAnew();
  }

  /** What the core says of ranges while connected. */
  follow(command: Extract<EngineCommand, { command: 'hosts' | 'plan' | 'protect' }>): void {
    if (command.command === 'hosts') {
      this.takeHosts(command.hosts);
    } else if (command.command === 'plan') {
      this.mappings = command.plan.mappings ?? [];
      this.replan(command.plan);
    } else {
      this.protect(command.protect.protected);
    }
  }

  /** Other ranges are wanted; what is decided is told in any case. */
  replan({ ranges, nodes }: Omit<Asked, 'protected'>): void {
    this.#asked = { ...this.#asked, ranges, nodes };
    this.#decideAnew(true);
  }

  /** Other hosts are routed where another network has their range. */
  takeHosts({ whole, add = [], remove = [] }: HostsChange): void {
    const hosts = new Set([...(whole ? [] : this.hosts), ...add]);
    for (const address of remove) {
      hosts.delete(address);
    }
    this.hosts = hosts;
    this.#decideAnew();
  }

  /** Puts the routes in force that the rules allow; `changed` hears of other decisions until everything is undone. */
  setRoutes(asked: Asked, changed: (decisions: RouteDecision[]) => void): RouteDecision[] {
    this.#asked = asked;
    const decide = () => {
      const decisions = this.check(this.#asked);
      this.routes = decisions.flatMap((decision) => partsInForce(decision, this.hosts));
      return decisions;
    };
    let told = decide();
    this.#decideAnew = (isToldAnyway = false) => {
      const now = decide();
      if (isToldAnyway || JSON.stringify(now) !== JSON.stringify(told)) {
        told = now;
        changed(now);
      }
    };
    return told;
  }

  /** True when the laptop is as it was. */
  isUntouched(): boolean {
    const isOwn = this.tun === null && this.routes.length === 0 && this.names.length === 0 && this.leftOver === 0;
    return isOwn && this.beside.every((host) => host.isUntouched());
  }

  inspect(): HostInspection {
    const { resolverMode, upstreams, tunAvailable, leftOver } = this;
    return { resolverMode, upstreams, domains: [], tunAvailable, leaseHeld: this.lease !== null, leftOver };
  }

  check({ ranges, protected: protectedAddresses, nodes = [] }: Asked): RouteDecision[] {
    const isOwnWay = ({ by = '' }: HostNetwork) => nodes.includes(by);
    const needs = protectedAddresses.map((address) => ({
      ...{
        prefix: `${address}/${address.includes(':') ? 128 : 32}`,
        reason: 'protected',
        conflict: address,
        interface: '',
      },
    }));
    return ranges.map(({ prefix, decision: wanted, overBroader }): RouteDecision => {
      if (!prefix.includes('/') || parsePrefix(prefix) === null) {
        return { prefix, decision: 'refused', reason: 'malformed' };
      }
      if (prefix.endsWith('/0')) {
        return { prefix, decision: 'refused', reason: 'default-route' };
      }
      const refused = this.refusals[prefix];
      if (refused !== undefined) {
        return { prefix, decision: 'refused', reason: refused };
      }
      const touching = this.networks.filter((network) => overlaps(prefix, network.prefix));
      const other = this.#earlier.flatMap(({ routes, tun }) => routes.map((route) => ({ route, on: tun ?? '' })));
      const taken = other.filter(({ route }) => overlaps(prefix, route));
      const broader = touching.find((network) => network.isRoute && lengthOf(network.prefix) <= lengthOf(prefix));
      const claims = touching
        .filter((network) => network !== broader)
        .map((network) => ({
          prefix: network.prefix,
          reason: isOwnWay(network) ? 'own-way' : network.isRoute ? 'other-route' : 'own-subnet',
          ...{ conflict: network.prefix, interface: network.interface },
        }));
      const clusters = taken.map(({ route, on }) => ({
        ...{ prefix: route, reason: 'other-cluster', conflict: route, interface: on },
      }));
      const cuts = [...needs.filter((need) => overlaps(prefix, need.prefix)), ...clusters, ...claims];
      const [first] = cuts;
      const all = cuts.find((cut) => lengthOf(cut.prefix) <= lengthOf(prefix));
      if (all !== undefined) {
        return { ...all, prefix, decision: 'refused' };
      }
      const kept = cuts.length === 0 ? {} : { cuts };
      const isBeside = broader !== undefined && overBroader !== true;
      if (isBeside && isOwnWay(broader) && wanted === 'routed') {
        const because = { reason: 'own-way', conflict: broader.prefix, interface: broader.interface };
        return { prefix, decision: 'refused', ...because };
      }
      if (isBeside || wanted === 'narrowed') {
        const hosts = [...this.hosts].filter(
          (host) => overlaps(prefix, host) && !cuts.some((cut) => overlaps(cut.prefix, host)),
        );
        const because =
          broader === undefined
            ? {}
            : { reason: 'other-route', conflict: broader.prefix, interface: broader.interface };
        return { prefix, decision: 'narrowed', ...because, ...kept, hosts: hosts.length };
      }
      const before =
        this.rule === null ? {} : { reason: 'rule', conflict: this.rule.text, interface: this.rule.interface };
      return first === undefined
        ? { prefix, decision: 'routed', ...before }
        : { ...first, prefix, decision: 'cut', ...kept };
    });
  }

  /** Undoes everything and ends the lease, as on release, lease loss or a new start with a journal. */
  undo(): number {
    this.leftOver = Math.min(this.stubborn, this.routes.length + this.names.length + (this.tun === null ? 0 : 1));
    this.tun = null;
    this.routes = [];
    this.hosts = new Set();
    this.#decideAnew = () => {};
    this.names = [];
    this.mappings = [];
    this.lease = null;
    return this.leftOver;
  }
}

export class FakeHelper implements HelperPort {
  readonly socket = '/run/slipway/1000/helper.sock';
  readonly program = { program: '/opt/Slipway/resources/native/bin/slipway-helper', isClone: false };
  readonly #host: FakeHost;
  readonly #faults: Faults;

  constructor(host: FakeHost, faults: Faults) {
    this.#host = host;
    this.#faults = faults;
  }

  async state(): Promise<HelperState> {
    return this.#host.helperRuns ? { state: 'ready', build: this.#host.build } : { state: 'absent', ...this.program };
  }

  ensure(): Promise<Result<{ build: string }>> {
    return unlessPlanned(this.#faults, 'ensureHelper', () => {
      if (!this.#host.helperRuns) {
        for (const host of [this.#host, ...this.#host.beside]) {
          host.helperRuns = true;
          host.undo(); // its journal
        }
      }
      return success({ build: this.#host.build });
    });
  }
}

/** What an engine hears when somebody else holds the lease. */
export const helperBusy = problem('helper-busy', 'another engine holds the lease');

/** The prefixes that a decision puts in force. */
function partsInForce({ prefix, decision, cuts }: RouteDecision, hosts: ReadonlySet<string>): string[] {
  const holes = cuts ?? [];
  if (decision === 'refused') {
    return [];
  }
  if (decision === 'narrowed') {
    const isFree = (host: string) => overlaps(prefix, host) && !holes.some((hole) => overlaps(hole.prefix, host));
    return [...hosts].filter(isFree).map((host) => `${host}/32`);
  }
  return holes.reduce((parts, hole) => parts.flatMap((part) => subtract(part, hole.prefix)), [prefix]);
}
