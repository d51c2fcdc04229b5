/** Names as the engine and the helper would put them in force on a fake laptop, with their policy as far as it matters to the core. */
import type { NameScope, NamesInForce } from '../core/engine-messages.ts';
import type { FakeHost } from './host.ts';

/** What an engine was told of names. */
export class FakeNames {
  readonly #domain: () => string;
  #asked = true;
  #byProxy = false;
  #scope: NameScope = { homeNamespace: '', namespaces: [] };

  constructor(domain: () => string) {
    this.#domain = domain;
  }

  begin(scope: NameScope, asked: boolean, byProxy: boolean): void {
    this.#scope = scope;
    this.#asked = asked;
    this.#byProxy = byProxy;
  }

  /** Puts them in force where they are asked for and no other cluster's are. */
  putOn(host: FakeHost): void {
    if (this.#asked && !this.#byProxy) {
      host.names = this.#scope.namesElsewhere || host.isNamedByAnother() ? [] : ['svc', this.#domain()];
    }
  }

  /** Another scope; true where it changes what is in force. */
  take(next: NameScope): boolean {
    const told = ({ homeNamespace, granted = '', extra = [], namesElsewhere = false }: NameScope) =>
      JSON.stringify([homeNamespace, granted, extra, namesElsewhere]);
    const isOther = told(next) !== told(this.#scope);
    this.#scope = next;
    return this.#asked && isOther;
  }

  search(): string[] {
    const domain = this.#domain();
    return [`${this.#scope.homeNamespace}.svc.${domain}`, `svc.${domain}`, domain];
  }

  inForce(host: FakeHost): NamesInForce {
    const { granted = '', extra = [], namesElsewhere = false } = this.#scope;
    const domain = this.#domain();
    const isNamed = this.#byProxy || host.names.length > 0;
    // A domain that somebody may own takes the user's word.
    const conflict = /\.(com|net|org)$/.exec(domain)?.[1] ?? '';
    const isWhole = conflict === '' || granted === domain;
    const isElsewhere = namesElsewhere && this.#asked && !this.#byProxy;
    const unset = { problem: { code: 'resolver-unset', cause: 'resolv.conf cannot be written' } };
    return {
      mode: this.#byProxy ? 'proxy' : isNamed ? host.resolverMode : isElsewhere ? 'elsewhere' : 'off',
      resolver: '198.18.0.3',
      domains: isNamed ? [...(isWhole ? [domain] : [`svc.${domain}`, `pod.${domain}`]), ...extra, 'svc', 'pod'] : [],
      search: isNamed ? this.search().filter((name) => isWhole || name !== domain) : [],
      upstreams: host.upstreams,
      refused: isNamed
        ? [
            ...(isWhole ? [] : [{ name: domain, reason: 'registrable', conflict, grantable: true }]),
            ...(host.nameRefusals ?? []),
          ]
        : [],
      ...(isNamed || !this.#asked || isElsewhere ? {} : unset),
    };
  }
}
