/**
 * What the routes of a connection do not say by themselves: which are guesses, which Services they miss, and which have an
 * address that this laptop keeps for itself. Pure.
 */
import { cause, type Problem, problem, type Route, type Service } from '../../contract/index.ts';
import { contains, parsePrefix } from '../../contract/prefix.ts';
import type { Catalogue } from '../ports.ts';
import { isIn, keptParts } from './kept-parts.ts';

/** So many names tell which they are; the rest is counted. */
const namesTold = 5;

/**
 * `ranges-guessed` where any range is a cover of what was seen, `services-outside` where the catalogue shows Services in none,
 * `services-cut` where it shows some in what the laptop needs, `hosts-left-out` where there are more hosts than places.
 */
export function problemsOfRoutes(routes: readonly Route[], catalogue: Catalogue | null): Problem[] {
  const guessed = routes.filter(({ origin }) => origin === 'observed-services' || origin === 'observed-pods');
  const outside = catalogue === null ? [] : servicesOutside(routes, catalogue);
  const problems: Problem[] = [];
  if (guessed.length > 0) {
    const ranges = guessed.map(({ prefix }) => prefix).join(', ');
    problems.push(problem('ranges-guessed', cause('rangesGuessed', { ranges })));
  }
  if (outside.length > 0) {
    problems.push(
      problem('services-outside', cause('servicesOutside', { count: outside.length, names: few(outside) })),
    );
  }
  problems.push(...(catalogue === null ? [] : servicesCut(routes, catalogue)));
  const leftOut = routes.reduce((sum, route) => sum + (route.leftOut ?? 0), 0);
  if (leftOut > 0) {
    const ranges = routes.filter((route) => route.leftOut).map(({ prefix }) => prefix);
    problems.push(problem('hosts-left-out', cause('hostsLeftOut', { count: leftOut, ranges: ranges.join(', ') })));
  }
  return problems;
}

function few(names: readonly string[]): string {
  const named = names.slice(0, namesTold).join(', ');
  return names.length > namesTold ? `${named}, …` : named;
}

/** A range that is there and not routed has its own reason: its Services are not outside of anything. */
function servicesOutside(routes: readonly Route[], catalogue: Catalogue): string[] {
  const ranges = routes.map(({ prefix }) => parsePrefix(prefix)).filter((prefix) => prefix !== null);
  return catalogue.services
    .filter(({ addresses }) =>
      addresses
        .map(parsePrefix)
        .some((address) => address !== null && !ranges.some((range) => contains(range, address))),
    )
    .map((service) => nameOf(service, service.addresses));
}

/** One problem for each network of the laptop that has any. */
function servicesCut(routes: readonly Route[], catalogue: Catalogue): Problem[] {
  return keptParts(routes).flatMap((part) => {
    const { conflict, interface: on } = part;
    const names = catalogue.services.flatMap((service) => {
      const kept = addressesOf(service).filter((address) => isIn(part, address));
      return kept.length === 0 ? [] : [nameOf(service, kept)];
    });
    const values = { conflict, count: names.length, names: few(names) };
    const because = on === '' ? cause('servicesKept', values) : cause('servicesKeptOn', { ...values, interface: on });
    return names.length === 0 ? [] : [problem('services-cut', because, { conflict, interface: on })];
  });
}

/** Where programs go that know the Service's name: to its pods, where it has no address of its own. */
function addressesOf({ addresses, headless, endpoints }: Service): readonly string[] {
  return headless ? endpoints.map(({ address }) => address) : addresses;
}

function nameOf({ name, namespace }: Service, addresses: readonly string[]): string {
  return `${name}.${namespace} (${addresses.join(', ')})`;
}
