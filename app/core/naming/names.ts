/** Names: which short names resolve (the scope sent to the engine), and what is in force (told to frontends). Pure. */
import type { Names, Problem } from '../../contract/index.ts';
import { type NameScope, type NamesInForce, problemFromWire } from '../engine-messages.ts';
import type { Catalogue } from '../ports.ts';

/** No names in force. */
export const namesOff: Names = {
  mode: 'off',
  resolver: '',
  clusterDomain: '',
  domains: [],
  search: [],
  upstreams: [],
  refused: [],
};

/** What the user chose about names. */
export interface NameChoices {
  readonly homeNamespace: string;
  readonly answersFor: string;
  readonly extraDomains: readonly string[];
}

/** What a cluster says of names before its catalogue was read. */
export interface KnownNames {
  readonly namespaces: readonly string[];
  /** The namespace whose headless Services these are. */
  readonly headlessOf: string;
  readonly headless: readonly string[];
}

export interface Known {
  readonly catalogue: Catalogue | null;
  /** Count where there is no catalogue yet. */
  readonly names: KnownNames | null;
}

/**
 * The scope: the home namespace with its headless Services, all namespaces as far as they may be listed, and the user's
 * word for whole domains.
 */
export function scopeOf({ catalogue, names }: Known, chosen: NameChoices): NameScope {
  const { homeNamespace, answersFor, extraDomains } = chosen;
  const seen = new Set([...((catalogue ?? names)?.namespaces ?? []), homeNamespace]);
  for (const service of catalogue?.services ?? []) {
    seen.add(service.namespace);
  }
  const headless =
    catalogue === null
      ? [...(names?.headlessOf === homeNamespace ? names.headless : [])]
      : catalogue.services
          .filter((service) => service.headless && service.namespace === homeNamespace)
          .map(({ name }) => name);
  return {
    homeNamespace,
    namespaces: [...seen].sort(),
    ...(headless.length === 0 ? {} : { headless: headless.sort() }),
    ...(answersFor === '' ? {} : { granted: answersFor }),
    ...(extraDomains.length === 0 ? {} : { extra: [...extraDomains] }),
  };
}

/** The engine's answer in the contract's form. A mode that only a newer engine knows counts as off. */
export function namesFromEngine(names: NamesInForce, clusterDomain: string): Names {
  const { mode, resolver, domains, search, upstreams, refused } = names;
  if (mode !== 'resolved' && mode !== 'resolv-conf' && mode !== 'elsewhere' && mode !== 'proxy') {
    return { ...namesOff, clusterDomain, upstreams };
  }
  return { mode, resolver, clusterDomain, domains, search, upstreams, refused };
}

/** The problem of names that are not in force; empty where they are. */
export function namesProblems(names: NamesInForce): Problem[] {
  return names.problem ? [{ ...problemFromWire(names.problem), severity: 'warning' }] : [];
}

/** Whether the laptop's own resolvers answer for the cluster: only then do all of its programs know its names. */
export function isAskedByAll(names: Names | null): boolean {
  return names !== null && names.mode !== 'off' && names.mode !== 'proxy';
}
