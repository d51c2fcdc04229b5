/** What the routes of a connection do not say by themselves: which are guesses, and which Services they miss. Pure. */
import { cause, type Problem, problem, type Route } from '../../contract/index.ts';
import type { Catalogue } from '../ports.ts';
import { contains, type Prefix, parsePrefix } from './prefix.ts';

/** So many names tell which they are; the rest is counted. */
const namesTold = 5;

/** `ranges-guessed` where any range is a cover of what was seen, `services-outside` where the catalogue shows Services in none. */
export function problemsOfRoutes(routes: readonly Route[], catalogue: Catalogue | null): Problem[] {
  const guessed = routes.filter(({ origin }) => origin === 'observed-services' || origin === 'observed-pods');
  const outside = catalogue === null ? [] : servicesOutside(routes, catalogue);
  const problems: Problem[] = [];
  if (guessed.length > 0) {
    const ranges = guessed.map(({ prefix }) => prefix).join(', ');
    problems.push(problem('ranges-guessed', cause('rangesGuessed', { ranges })));
  }
  if (outside.length > 0) {
    const named = outside.slice(0, namesTold).join(', ');
    const names = outside.length > namesTold ? `${named}, …` : named;
    problems.push(problem('services-outside', cause('servicesOutside', { count: outside.length, names })));
  }
  return problems;
}

/** A range that is there and not routed has its own reason: its Services are not outside of anything. */
function servicesOutside(routes: readonly Route[], catalogue: Catalogue): string[] {
  const ranges = routes.map(({ prefix }) => ipv4Of(prefix)).filter((prefix) => prefix !== null);
  return catalogue.services
    .filter(({ addresses }) =>
      addresses.map(ipv4Of).some((address) => address !== null && !ranges.some((range) => contains(range, address))),
    )
    .map(({ name, namespace, addresses }) => `${name}.${namespace} (${addresses.join(', ')})`);
}

function ipv4Of(text: string): Prefix | null {
  const parsed = parsePrefix(text);
  return parsed.family === 4 ? parsed.prefix : null;
}
