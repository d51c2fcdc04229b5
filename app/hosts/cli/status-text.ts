/**
 * A connection on one screen of 24 lines and 80 columns, whatever is the case: what is on, what is degraded, the next step.
 * What is of one kind is one line; `-o wide` has the rest. Pure: text in, text out.
 */
import { type Connection, isRouted, type Problem, type Route } from '../../contract/index.ts';
import { answeredDomain, headline, partLine, pathLine, refusalLine, routeLine } from './connection-text.ts';
import { plain, withInvocation } from './output.ts';

/** One less than the terminal: a full last column makes some of them begin a new line. */
const columns = 79;
const mostLeftOut = 3;
const mostInPart = 2; // beside one line of those that are left out
const mostKinds = 4;
const mostPrefixes = 3;

export interface StatusText {
  /** What is in force: for standard output. */
  readonly facts: readonly string[];
  /** What is wrong and what to do: for standard error. */
  readonly advice: readonly string[];
}

/** `now` is in milliseconds since the epoch. */
export function statusText(connection: Connection, now: number): StatusText {
  // What is degraded has a line of its own.
  const one = connection.phase === 'connected' ? { ...connection, degraded: [] } : connection;
  const [first = '', ...more] = wrap(headline(one, now), 2);
  const facts = [first, ...more.map((line) => `  ${line}`)];
  switch (connection.phase) {
    case 'connected':
      return { facts: [...facts, ...factsOf(connection)], advice: adviceFor(connection.degraded, null) };
    case 'reconnecting':
      return { facts, advice: adviceFor([connection.because], 'Slipway tries again by itself.') };
    case 'failed': {
      const isAgain = connection.retry === 'automatic' && connection.nextTryAt !== null;
      const seconds = Math.max(0, Math.ceil(((connection.nextTryAt ?? now) - now) / 1000));
      const again = isAgain ? `Slipway tries again in ${seconds} s; \`slipway disconnect\` stops that.` : null;
      return { facts, advice: adviceFor([connection.because], again) };
    }
    default:
      return { facts, advice: [] };
  }
}

type Connected = Extract<Connection, { phase: 'connected' }>;

/** Routes, names, agent and path of a connection in at most twelve lines. */
export function factsOf(connection: Connected): string[] {
  const { degraded, routes, names, homeNamespace, agent, interface: name } = connection;
  const routed = routes.filter(isRouted).map(({ prefix }) => prefix);
  const left = routes.filter((route) => !isRouted(route));
  const inPart = routes.filter(({ decision }) => decision === 'cut' || decision === 'narrowed');
  const mapped = routes.filter(({ decision }) => decision === 'mapped');
  const codes = kindsOf(degraded).map(({ problem, count }) =>
    count > 1 ? `${problem.code} (${count})` : problem.code,
  );
  // The usual way is a word behind the agent; another one, or why it is none, is a line.
  const isOfPath = pathLine(connection) !== 'through the API server';
  const none = routed.length === 0 ? 'none' : '';
  return [
    ...(codes.length === 0 ? [] : [fact('degraded', few(codes, mostKinds))]),
    connection.proxy === undefined
      ? fact('routes', `${none}${few(routed, mostPrefixes)} through ${name}`)
      : fact('proxy', `127.0.0.1:${connection.proxy.port} to ${none}${few(routed, mostPrefixes)}`),
    ...leftOut(inPart, partLine, 'ranges', mapped.length > 0 ? 1 : mostInPart, 'in part'),
    ...leftOut(mapped, partLine, 'ranges', inPart.length > 0 ? 1 : mostInPart, 'mapped'),
    ...leftOut(left, (route: Route) => routeLine(route), 'ranges', inPart.length + mapped.length > 0 ? 1 : mostLeftOut),
    names.mode === 'off'
      ? fact('names', 'off')
      : names.mode === 'elsewhere'
        ? fact('names', `NAME.NAMESPACE.${names.suffix ?? ''}; plain ones are another cluster's`)
        : fact('names', `*.${answeredDomain(names)}, short ones in ${homeNamespace || 'no namespace'}`),
    ...leftOut(names.refused, refusalLine, 'names', isOfPath ? mostLeftOut - 1 : mostLeftOut),
    ...(isOfPath
      ? [fact('agent', `${agent.namespace}/${agent.pod}`), fact('path', pathLine(connection))]
      : [fact('agent', `${agent.namespace}/${agent.pod}, through the API server`)]),
  ];
}

/** The worst with its cause and what to do, the others by name, then what to do next. */
export function adviceFor(problems: readonly Problem[], next: string | null): string[] {
  const kinds = kindsOf(problems);
  const [worst, ...others] = kinds;
  if (worst === undefined) {
    return [];
  }
  const { problem, count } = worst;
  const advice = problem.fixes.find(({ kind }) => kind === 'advice');
  const command = problem.fixes.find(({ kind }) => kind === 'command');
  const isRole = problems.some(({ fixes }) => fixes.some(({ kind }) => kind === 'copy'));
  const rest = others.slice(0, mostKinds);
  const hidden = others.length - rest.length;
  const wide = isRole
    ? '`slipway status -o wide` has the rest, and the Role to ask for.'
    : '`slipway doctor` looks closer; `slipway status -o wide` has the rest.';
  return [
    titleOf(problem, count),
    ...wrap(problem.cause, 2).map((line) => `  ${line}`),
    ...(advice === undefined ? [] : wrap(`what to do: ${advice.text}`, 3).map((line) => `  ${line}`)),
    ...(command === undefined ? [] : [clip(`  run: ${withInvocation(command.text)}`)]),
    ...rest.map((kind) => titleOf(kind.problem, kind.count)),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
    ...(next === null ? [] : wrap(withInvocation(next), 1)),
    ...wrap(withInvocation(wide), 2),
  ];
}

function titleOf({ severity, title, code }: Problem, count: number): string {
  const times = count > 1 ? ` and ${count - 1} more of this kind` : '';
  const [first = '', ...more] = wrap(`${severity}: ${title}${times} [${code}]`, 2);
  return more.length === 0 ? first : clip(`${`${severity}: ${title}`.slice(0, columns - code.length - 4)}… [${code}]`);
}

interface Kind {
  readonly problem: Problem;
  readonly count: number;
}

/** Problems by code, the worst first; in each the first. */
function kindsOf(problems: readonly Problem[]): Kind[] {
  const order = { error: 0, warning: 1, info: 2 };
  const codes = [...new Set(problems.map(({ code }) => code))];
  return codes
    .flatMap((code): Kind[] => {
      const alike = problems.filter((candidate) => candidate.code === code);
      const [problem] = alike;
      return problem === undefined ? [] : [{ problem, count: alike.length }];
    })
    .sort((one, other) => order[one.problem.severity] - order[other.problem.severity]);
}

function leftOut<Item>(
  items: readonly Item[],
  line: (item: Item) => string,
  what: string,
  most: number,
  name = 'not',
): string[] {
  const isAll = items.length <= most;
  const shown = items.slice(0, isAll ? most : most - 1).map((item) => fact(name, line(item)));
  return isAll ? shown : [...shown, fact(name, `${items.length - shown.length} more ${what}`)];
}

function few(items: readonly string[], most: number): string {
  const rest = items.length - most;
  return rest > 0 ? `${items.slice(0, most).join(', ')} and ${rest} more` : items.join(', ');
}

function fact(name: string, text: string): string {
  return clip(`  ${name.padEnd(9)} ${text}`);
}

function clip(text: string): string {
  const line = plain(text).replace(/[\n\t]+/g, ' ');
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}

/** At most so many lines of words, with room for two columns before each; what does not fit ends with an ellipsis. */
function wrap(text: string, most: number): string[] {
  const room = columns - 2;
  const lines: string[] = [];
  let line = '';
  for (const word of plain(text)
    .split(/\s+/)
    .filter((each) => each !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= room) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  const all = [...lines, line].filter((each) => each !== '').map((each) => each.slice(0, room));
  const last = all[most - 1];
  return all.length <= most || last === undefined
    ? all
    : [...all.slice(0, most - 1), `${last.slice(0, room - 1).trimEnd()}…`];
}
