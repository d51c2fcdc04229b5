/** The connection in words, for status and for the live view. Pure: text in, text out. */
import {
  type Connection,
  foremostTried,
  isLeftAlone,
  type NameRefusal,
  type Names,
  notOff,
  type PathOutcome,
  placeText,
  problem,
  type Route,
  type Snapshot,
  type TriedPath,
} from '../../contract/index.ts';
import { age, bytes, plain, withInvocation } from './output.ts';

const stepNames = {
  cluster: 'cluster',
  helper: 'helper',
  agent: 'agent',
  tunnel: 'tunnel',
  routes: 'routes',
  names: 'names',
  verify: 'verify',
} as const;

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** One line: what is the case. */
export function headline(connection: Connection, now: number): string {
  const context = plain(connection.cluster.context);
  switch (connection.phase) {
    case 'off':
      return `off ${context}`;
    case 'preparing': {
      const detail = connection.detail === '' ? '' : `: ${plain(connection.detail)}`;
      return `connecting to ${context}, ${stepNames[connection.step]} (${seconds(now - connection.stepStartedAt)})${detail}`;
    }
    case 'connected': {
      const codes = [...new Set(connection.degraded.map(({ code }) => code))];
      const degraded = codes.length === 0 ? '' : `, degraded: ${codes.join(', ')}`;
      const roundTrip = (connection.roundTripMicroseconds / 1000).toFixed(1);
      const by = connection.proxy === undefined ? '' : ` by proxy on 127.0.0.1:${connection.proxy.port}`;
      return `connected to ${context}${by} for ${age(now - connection.since)}, ${roundTrip} ms, ↓ ${bytes(connection.bytesDown)} ↑ ${bytes(connection.bytesUp)}${degraded}`;
    }
    case 'reconnecting': {
      const what = connection.proxy === undefined ? 'routes and names' : 'its proxy';
      const kept = connection.hostKept ? `${what} kept` : 'this computer restored in the meantime';
      return `lost ${context} ${age(now - connection.lostAt)} ago (${plain(connection.because.title)}), trying again, ${kept}`;
    }
    case 'disconnecting':
      return `disconnecting from ${context}`;
    case 'failed': {
      const left =
        connection.leftOnHost === 0
          ? 'this computer is as it was'
          : `changes left on this computer: ${connection.leftOnHost}; run \`slipway-helper clean\` as root`;
      return `not connected to ${context}: ${plain(connection.because.title)}; ${left}`;
    }
  }
}

/** Everything in force, for `slipway status` and after a connect. */
export function details(connection: Connection): string[] {
  if (connection.phase !== 'connected') {
    return [];
  }
  const lines = connection.routes.flatMap((route) => {
    const origin = `${route.kind}, from ${route.origin}`;
    const kind = connection.proxy === undefined ? 'route' : 'range';
    return [
      `  ${kind}     ${routeLine(route)} (${origin})`,
      ...keptLines(route).map((line) => `  not       ${plain(line)}`),
    ];
  });
  const names = connection.names;
  lines.push(
    `  names     ${namesLine(names)}`,
    ...suffixLines(names),
    ...names.refused.map((refusal) => `  not       ${refusalLine(refusal)}`),
    ...(connection.offeredDomains ?? []).map(
      (domain) => `  offered   ${offerLine(domain, connection.cluster.context)}`,
    ),
    connection.proxy === undefined
      ? `  interface ${connection.interface}`
      : `  proxy     127.0.0.1:${connection.proxy.port}, SOCKS5 and HTTP; nothing else of this computer is changed`,
    `  agent     ${plain(connection.agent.namespace)}/${plain(connection.agent.pod)} (${connection.agent.delivery === 'image' ? plain(connection.agent.image) : `sent into ${plain(connection.agent.image)}`})`,
    `  path      ${pathLine(connection)}`,
    ...(connection.pathReason?.tried ?? []).map((tried) => `  tried     ${triedLine(tried)}`),
    ...(connection.pathReason?.nodeUnread === true
      ? ['  tried     no other address of the node is known: this account may not read nodes']
      : []),
  );
  return lines;
}

function namesLine(names: Names): string {
  if (names.mode === 'off') {
    return 'off';
  }
  if (names.mode === 'elsewhere') {
    return "plain ones are those of another cluster that is on; `slipway prefer` has this one's in force";
  }
  return `*.${plain(answeredDomain(names))} ${namesAt(names)}; search ${names.search.join(' ')}; all others at ${names.upstreams.join(', ')}`;
}

function namesAt({ mode, resolver }: Names): string {
  if (mode === 'proxy') {
    return 'for programs that use the proxy';
  }
  return `at ${resolver} by ${mode === 'resolved' ? 'systemd-resolved' : '/etc/resolv.conf'}`;
}

function suffixLines({ mode, suffix = '' }: Names): string[] {
  return suffix === '' || mode === 'off'
    ? []
    : [`  suffix    NAME.NAMESPACE.${plain(suffix)} is always this cluster's`];
}

const why: Readonly<Record<string, (conflict: string) => string>> = {
  'public-suffix': (conflict) => `others own names below ${conflict}, a public suffix`,
  registrable: (conflict) => `somebody may own this name below ${conflict}`,
  'special-use': () => 'this name is reserved',
  'name-collision': (conflict) => `private networks use ${conflict} for themselves`,
  'laptop-domain': (conflict) => `${conflict} is a domain of this computer's network`,
  reverse: () => 'a reverse zone',
  malformed: () => 'no valid name',
  namespace: () => 'a namespace of the cluster whose names are in force is called so',
  'too-many': () => 'too many names',
};

/** Which way the agent is reached; where it is not the direct one that was asked for, why. */
export function pathLine({ path, pathReason }: Extract<Connection, { phase: 'connected' }>): string {
  const candidate = pathReason?.candidate ?? null;
  if (path === 'direct') {
    const milliseconds = (pathReason?.roundTripMicroseconds ?? 0) / 1000;
    const time = milliseconds > 0 ? `, ${milliseconds.toFixed(1)} ms` : '';
    return candidate === null ? 'direct' : `direct, ${candidate.kind} ${plain(placeText(candidate))}${time}`;
  }
  const isAsked = pathReason?.chosen === 'node-port' || pathReason?.chosen === 'address';
  const tried = isAsked ? foremostTried(pathReason.tried) : null;
  return `through the API server${tried === null ? '' : `; ${triedLine(tried)}`}`;
}

const outcomes: Readonly<Record<PathOutcome, string>> = {
  works: 'works',
  silent: 'does not answer',
  refused: 'refuses connections',
  unreachable: 'cannot be reached from here',
  'not-ours': 'answers, and is not this agent',
  slower: 'works, more slowly',
  'inside-tunnel': 'is reached through the tunnel itself',
  forbidden: 'is never tried',
  lost: 'stopped answering',
  'no-name': 'has no address',
  blocked: "is blocked by this computer's firewall",
  'small-only': 'lets only small packets through',
};

function triedLine(tried: TriedPath): string {
  const detail = tried.detail === '' ? '' : ` (${plain(tried.detail)})`;
  return `${tried.kind} ${plain(placeText(tried))} ${outcomes[tried.outcome]}${detail}`;
}

/** A name that the cluster does not answer for, and why; with what would let it. */
export function refusalLine({ name, reason, conflict, grantable }: NameRefusal): string {
  const because = why[reason]?.(plain(conflict)) ?? `${reason} ${plain(conflict)}`.trimEnd();
  const remedy = grantable ? `; allow it: connect --answers-for ${plain(name)}` : '';
  return `*.${plain(name)}: ${because}${remedy}`;
}

/** A domain that only the cluster's nameservers know, with the command that has them asked. */
function offerLine(domain: string, context: string): string {
  const { title, fixes } = problem('domain-offered', '', { domain, context });
  const command = fixes.find(({ kind }) => kind === 'command')?.text ?? '';
  return `${plain(title)}; to ask the cluster for it: ${plain(withInvocation(command))}`;
}

/** A range and what became of it. */
export function routeLine(route: Route): string {
  if (route.reason === 'rule') {
    return `${route.prefix} ${route.decision}, looked up before the rule ${route.conflict}`;
  }
  if (route.reason === 'own-node') {
    return `${route.prefix} left alone: this computer is a node of the cluster`;
  }
  if (isLeftAlone(route) && route.reason === 'own-way') {
    const on = route.interface === '' ? '' : ` on ${route.interface}`;
    return `${route.prefix} left alone: this computer has the route ${route.conflict}${on}, by a node of the cluster`;
  }
  const why =
    route.reason === '' ? '' : ` because ${[route.reason, route.conflict, route.interface].filter(Boolean).join(' ')}`;
  return `${route.prefix} ${route.decision}${partText(route)}${why}`;
}

/** What of a range is routed, or is not, in a few words. */
export function partLine(route: Route): string {
  const { prefix, decision, hosts = 0, conflict, interface: on, virtual, cuts = [], cutsMore = 0 } = route;
  if (decision === 'narrowed') {
    const rest = on === '' ? `; ${conflict} keeps the rest` : `; ${on} keeps the rest of ${conflict}`;
    return `${prefix} to ${hosts} ${hosts === 1 ? 'address' : 'addresses'}${route.reason === 'other-route' ? rest : ''}`;
  }
  if (virtual !== undefined) {
    return `${prefix} by the addresses of ${virtual}`;
  }
  const [first] = cuts;
  const more = cuts.length - 1 + cutsMore;
  const whose = first === undefined ? '' : `${first.prefix}${first.interface === '' ? '' : ` on ${first.interface}`}`;
  const by = first?.reason === 'own-way' ? ', reached by a node' : withVirtual(first?.virtual);
  return `${prefix} without ${whose}${by}${more > 0 ? ` and ${more} more` : ''}`;
}

const withVirtual = (virtual: string | undefined) => (virtual === undefined ? '' : `, by ${virtual}`);

/** How much of a range is routed where that is not all of it. */
function partText({ decision, hosts = 0, leftOut = 0, virtual }: Route): string {
  if (virtual !== undefined) {
    return ` to ${virtual}`;
  }
  if (decision !== 'narrowed') {
    return '';
  }
  const missing = leftOut === 0 ? '' : `, ${leftOut} left out`;
  return ` to ${hosts} ${hosts === 1 ? 'address' : 'addresses'}${missing}`;
}

/** What of a range this computer keeps, line by line. */
function keptLines({ cuts = [], cutsMore = 0 }: Route): string[] {
  const lines = cuts.map(({ prefix, reason, conflict, interface: on, virtual }) => {
    const whose = [reason, conflict === prefix ? '' : conflict, on].filter(Boolean).join(' ');
    return `${prefix} stays with this computer${virtual === undefined ? '' : ` and is mapped to ${virtual}`}: ${whose}`;
  });
  return cutsMore === 0 ? lines : [...lines, `and ${cutsMore} more parts`];
}

/** The cluster's domain, or the part of it that holds its Services where it does not answer for the whole. */
export function answeredDomain({ clusterDomain, domains }: Names): string {
  return domains.includes(clusterDomain) ? clusterDomain : `svc.${clusterDomain}`;
}

/** What `-o wide` adds: how long each step took, and which programs are at work. */
export function moreDetails(connection: Connection, snapshot: Snapshot): string[] {
  const { helper } = snapshot;
  const agent = connection.phase === 'connected' ? `, agent ${plain(connection.agent.build)}` : '';
  const lines = [
    `  builds    core ${snapshot.build} (process ${snapshot.processId}), helper ${helper.state === 'ready' ? helper.build : helper.state}${agent}`,
  ];
  if (connection.phase !== 'connected') {
    return lines;
  }
  const steps = connection.done.map(({ step, milliseconds }) => `${step} ${seconds(milliseconds)}`);
  return [...lines, `  steps     ${steps.join(', ')}`];
}

/** The connections to speak of: those that are not off, else the first. */
export function shown(snapshot: Snapshot): readonly Connection[] {
  const some = notOff(snapshot);
  return some.length > 0 ? some : snapshot.connections.slice(0, 1);
}

/** A line for each of them; `off` where there is none. */
export function headlines(snapshot: Snapshot, now: number): string {
  return (
    shown(snapshot)
      .map((connection) => headline(connection, now))
      .join('\n') || 'off'
  );
}
