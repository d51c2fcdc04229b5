/** Stub domains of a cluster that are not answered for yet: what is offered, and whose a name is. Pure. */
import type { Names } from '../../contract/index.ts';

interface Known {
  readonly stubDomains: readonly string[];
  readonly names: Names;
}

/** Those that are neither chosen nor in force, nor refused when they were. None while names are left alone. */
export function offeredDomains(
  { stubDomains, names }: Known,
  chosen: { readonly extraDomains: readonly string[] },
): string[] {
  const isTaken = (domain: string) =>
    chosen.extraDomains.some((one) => isWithin(domain, one)) || names.domains.some((one) => isWithin(domain, one));
  return names.mode === 'off' ? [] : stubDomains.filter((domain) => !isTaken(domain));
}

/** The longest of the domains that the name is or lies below; empty: none. */
export function domainOf(host: string, domains: readonly string[]): string {
  const [found = ''] = domains
    .filter((domain) => isWithin(host, domain))
    .sort((one, other) => other.length - one.length);
  return found;
}

function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}
