/**
 * A laptop without a kernel: interface, routes and names as the helper would set them, one lease, and the helper's
 * rules as far as they matter to the core. It undoes by itself when the lease's holder goes away.
 */
import ipaddr from 'ipaddr.js';
import { type HelperState, problem, type Result, success } from '../contract/index.ts';
import type { HostInspection, RouteDecision, WantedRange } from '../core/engine-messages.ts';
import type { HelperPort } from '../core/ports.ts';
import { type Faults, unlessPlanned } from './faults.ts';
import { FakeReach } from './reach.ts';

/** A network that the laptop is in. */
export interface HostNetwork {
  readonly prefix: string;
  readonly interface: string;
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
  tun: string | null = null;
  routes: string[] = [];
  names: string[] = [];
  leftOver = 0;
  /** How many engines ever had changes in force. */
  timesChanged = 0;

  #protected: readonly string[] = [];
  #decideAnew: () => void = () => {};

  /** The laptop goes to other networks, and the helper decides anew. */
  moveTo(networks: readonly HostNetwork[]): void {
    this.networks = [...networks];
    this.#decideAnew();
  }

  /** Other addresses must not be routed from now on. */
  protect(addresses: readonly string[]): void {
    this.#protected = addresses;
    this.#decideAnew();
  }

  /** Puts the routes in force that the rules allow; `changed` hears of other decisions until everything is undone. */
  setRoutes(
    ranges: readonly WantedRange[],
    protectedAddresses: readonly string[],
    changed: (decisions: RouteDecision[]) => void,
  ): RouteDecision[] {
    this.#protected = protectedAddresses;
    const decide = () => {
      const decisions = this.check(ranges, this.#protected);
      this.routes = decisions.filter(({ decision }) => decision === 'routed').map(({ prefix }) => prefix);
      return decisions;
    };
    let told = decide();
    this.#decideAnew = () => {
      const now = decide();
      if (JSON.stringify(now) !== JSON.stringify(told)) {
        told = now;
        changed(now);
      }
    };
    return told;
  }

  /** True when the laptop is as it was. */
  isUntouched(): boolean {
    return this.tun === null && this.routes.length === 0 && this.names.length === 0 && this.leftOver === 0;
  }

  inspect(): HostInspection {
    const { resolverMode, upstreams, tunAvailable, leftOver } = this;
    return { resolverMode, upstreams, domains: [], tunAvailable, leaseHeld: this.lease !== null, leftOver };
  }

  check(ranges: readonly WantedRange[], protectedAddresses: readonly string[]): RouteDecision[] {
    return ranges.map(({ prefix }): RouteDecision => {
      if (!ipaddr.IPv4.isValidCIDR(prefix)) {
        return { prefix, decision: 'refused', reason: 'malformed' };
      }
      if (prefix.endsWith('/0')) {
        return { prefix, decision: 'refused', reason: 'default-route' };
      }
      const covered = protectedAddresses.find((address) => overlaps(prefix, address));
      if (covered !== undefined) {
        return { prefix, decision: 'refused', reason: 'protected', conflict: covered };
      }
      const network = this.networks.find((candidate) => overlaps(prefix, candidate.prefix));
      return network === undefined
        ? { prefix, decision: 'routed' }
        : { prefix, decision: 'refused', reason: 'own-subnet', conflict: network.prefix, interface: network.interface };
    });
  }

  /** Undoes everything and ends the lease, as on release, lease loss or a new start with a journal. */
  undo(): number {
    this.leftOver = Math.min(this.stubborn, this.routes.length + this.names.length + (this.tun === null ? 0 : 1));
    this.tun = null;
    this.routes = [];
    this.#decideAnew = () => {};
    this.names = [];
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
        this.#host.helperRuns = true;
        this.#host.undo(); // its journal
      }
      return success({ build: this.#host.build });
    });
  }
}

/** What an engine hears when somebody else holds the lease. */
export const helperBusy = problem('helper-busy', 'another engine holds the lease');

/** `text` is a prefix or an address. Prefixes overlap only where one contains the other. */
export function overlaps(prefix: string, text: string): boolean {
  const [address, length] = ipaddr.parseCIDR(prefix);
  const [otherAddress, otherLength] = ipaddr.parseCIDR(text.includes('/') ? text : `${text}/32`);
  return address.kind() === otherAddress.kind() && address.match(otherAddress, Math.min(length, otherLength));
}
