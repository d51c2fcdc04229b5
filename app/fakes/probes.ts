/** Probes without sockets: they ask the fake laptop and the fake cluster what a real one would be asked. */
import { cause, failure, problem, type Result, success } from '../contract/index.ts';
import type { LaptopProbe, LaptopTraces, ResolverProbe } from '../core/ports.ts';
import type { FakeCluster } from './cluster.ts';
import { type Faults, unlessPlanned } from './faults.ts';
import type { FakeHost } from './host.ts';

/** Where the fake engine answers. */
export const fakeResolver = '198.18.0.3';

export class FakeResolverProbe implements ResolverProbe {
  /** What the hosts file or a VPN says before anybody else is asked. */
  readonly elsewhere = new Map<string, string[]>();
  /** Servers that never answer. */
  readonly silent = new Set<string>();
  readonly #host: FakeHost;
  readonly #cluster: FakeCluster;
  readonly #faults: Faults;

  constructor(host: FakeHost, cluster: FakeCluster, faults: Faults) {
    this.#host = host;
    this.#cluster = cluster;
    this.#faults = faults;
  }

  ask(resolver: string, name: string): Promise<Result<readonly string[]>> {
    return unlessPlanned(this.#faults, 'resolve', () => {
      const asked = name.replace(/\.$/, '').toLowerCase();
      const first = resolver === '' ? this.elsewhere.get(asked) : undefined;
      if (first !== undefined) {
        return success(first);
      }
      const isNamed = this.#host.names.length > 0;
      const isAddress = resolver === '' || /^[\d.:a-f[\]]+$/.test(resolver);
      if (!isAddress || this.silent.has(resolver) || (resolver === fakeResolver && !isNamed)) {
        return failure(problem('resolver-silent', cause('noAnswerWithin', { time: '2 s' }), { resolver }));
      }
      const knowsCluster = resolver === fakeResolver || (resolver === '' && isNamed);
      return success(
        this.#ofCluster(asked) === null ? outside(asked) : knowsCluster ? (this.#ofCluster(asked) ?? []) : [],
      );
    });
  }

  /** Null: no name of the cluster. */
  #ofCluster(name: string): string[] | null {
    const match = /^([^.]+)\.([^.]+)(\.svc(?:\.cluster\.local)?)?$/.exec(name);
    // The short form is found by the search list, where there is such a namespace.
    if (match === null || (match[3] === undefined && !this.#cluster.namespaces.includes(match[2] ?? ''))) {
      return null;
    }
    const service = this.#cluster.services.find((one) => one.name === match[1] && one.namespace === match[2]);
    const ready = service?.endpoints.filter((endpoint) => endpoint.ready).map(({ address }) => address) ?? [];
    const listed = service === undefined ? [] : service.headless ? ready : service.addresses;
    const real = name.startsWith('kubernetes.default.') ? ['10.96.0.1'] : listed;
    return real.map((address) => this.#host.virtualOf(address));
  }
}

function outside(name: string): string[] {
  if (name === 'localhost') {
    return ['127.0.0.1'];
  }
  return name.endsWith('.invalid') || !name.includes('.') ? [] : ['203.0.113.80'];
}

export class FakeLaptopProbe implements LaptopProbe {
  readonly #host: FakeHost;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async traces(): Promise<LaptopTraces> {
    const { tun, routes, names } = this.#host;
    return {
      interfaces: tun === null ? [] : [tun],
      routes: routes.map((prefix) => `${prefix} ${tun ?? ''}`.trim()),
      resolvers: names.length > 0 ? [fakeResolver] : [],
    };
  }

  async interfaces(): Promise<readonly string[]> {
    return ['lo', 'eth0', ...this.#host.links, ...(this.#host.tun === null ? [] : [this.#host.tun])];
  }
}
