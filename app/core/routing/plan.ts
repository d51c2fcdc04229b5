/**
 * The route plan: which of the cluster's ranges to ask the helper about, and what its answers mean. Pure. The helper
 * has its own policy and the last word; nothing here can widen it.
 */
import {
  type Cause,
  cause,
  failure,
  isRouted,
  type Problem,
  problem,
  type Result,
  type Route,
  success,
} from '../../contract/index.ts';
import {
  contains,
  formatPrefix,
  inOrder,
  joinSiblings,
  type Prefix,
  parsePrefix,
  subtract,
} from '../../contract/prefix.ts';
import type { Range } from '../ports.ts';
import { type Mapping, mostNodes, type RouteDecision, type WantedRange } from '../route-messages.ts';
import { kindToMap } from './mapped-kinds.ts';

export interface RangePlan {
  /** What the cluster says of itself, that other words of the user are planned by. */
  readonly found: readonly Range[];
  /** To ask the helper about, and to route where it accepts. */
  readonly wanted: readonly AskedRange[];
  /** Left out before asking: excluded by the user, or reached by this computer itself, which is a node of the cluster. */
  readonly left: readonly Route[];
  /** Addresses of the cluster's nodes. */
  readonly nodes: readonly string[];
  /** What could not be learnt. */
  readonly problems: readonly Problem[];
}

/** A range with the user's word on it, where there is one; without, it gets the best that the laptop allows. */
export interface AskedRange extends Range {
  readonly word?: 'routed' | 'narrowed' | 'mapped';
  /** Why it is mapped: the user says so, or it is public or class E. */
  readonly mappedFor?: 'user' | 'public' | 'reserved';
}

interface Placed extends AskedRange {
  readonly parsed: Prefix;
}

/** Over this many ranges (a cluster with many nodes), ranges that lie side by side are joined. */
const manyRanges = 64;

/** What the user says about ranges. */
export interface RangeSettings {
  readonly extraRanges: readonly string[];
  readonly excludedRanges: readonly string[];
  /** Before broader routes of other networks. */
  readonly routedRanges: readonly string[];
  /** Addresses that the cluster shows alone. */
  readonly narrowedRanges: readonly string[];
  /** By other addresses than they have. */
  readonly mappedRanges: readonly string[];
}

export function planRanges(found: readonly Range[], settings: RangeSettings): Result<RangePlan> {
  const asked: Range[] = [
    ...found,
    ...settings.extraRanges.map((prefix): Range => ({ prefix, kind: 'extra', origin: 'user' })),
  ];
  const left: Route[] = [];
  let placed: Placed[] = [];
  for (const range of asked) {
    const parsed = parsePrefix(range.prefix);
    if (parsed !== null) {
      placed.push({ ...range, parsed, ...wordOn(parsed, settings) });
    }
  }
  if (placed.length === 0) {
    return failure(problem('no-ranges', cause('noRanges')));
  }
  const missing = (['services', 'pods'] as const).filter((kind) => !placed.some((range) => range.kind === kind));
  placed = withoutCovered(placed);
  for (const text of settings.excludedRanges) {
    const hole = parsePrefix(text);
    if (hole === null) {
      continue;
    }
    placed = placed.flatMap((range) => {
      if (contains(hole, range.parsed)) {
        left.push(leftOut(range, formatPrefix(range.parsed), 'user'));
        return [];
      }
      if (contains(range.parsed, hole)) {
        left.push(leftOut(range, formatPrefix(hole), 'user'));
        return subtract(range.parsed, hole).map((parsed) => ({ ...range, parsed }));
      }
      return [range];
    });
  }
  if (placed.length === 0) {
    return failure(problem('no-ranges', cause('allExcluded')));
  }
  const isLeftAlone = ({ isHere = false, word, mappedFor }: Placed) =>
    isHere && (word === undefined || (mappedFor !== undefined && mappedFor !== 'user'));
  left.push(...placed.filter(isLeftAlone).map((range) => leftOut(range, formatPrefix(range.parsed), 'own-node')));
  placed = placed.filter((range) => !isLeftAlone(range));
  if (placed.length > manyRanges) {
    const items = placed.map((range) => ({ ...range, prefix: range.parsed }));
    type Item = (typeof items)[number];
    const isAlike = (first: Item, second: Item) =>
      first.kind === second.kind &&
      first.origin === second.origin &&
      first.word === second.word &&
      first.mappedFor === second.mappedFor;
    placed = joinSiblings(items, isAlike).map((item) => ({
      ...item,
      parsed: item.prefix,
      prefix: formatPrefix(item.prefix),
    }));
  }
  const order = { services: 0, pods: 1, extra: 2 };
  return success({
    found,
    wanted: placed
      .toSorted((first, second) => order[first.kind] - order[second.kind] || inOrder(first.parsed, second.parsed))
      .map(({ parsed, kind, origin, word, mappedFor }) => ({
        prefix: formatPrefix(parsed),
        kind,
        origin,
        ...(word === undefined ? {} : { word }),
        ...(mappedFor === undefined ? {} : { mappedFor }),
      })),
    left,
    nodes: [...new Set(found.flatMap(({ nodes = [] }) => nodes))].slice(0, mostNodes),
    problems: [
      ...missing.map((kind) => problem('ranges-incomplete', cause('rangesUnknown', { kind }), { kind })),
      ...left.flatMap(exclusion),
    ],
  });
}

/**
 * The user's word on a range that holds this one: of several, what takes least of other networks. Public and class E
 * ranges are mapped without one.
 */
function wordOn(
  range: Prefix,
  { routedRanges, narrowedRanges, mappedRanges }: RangeSettings,
): Pick<AskedRange, 'word' | 'mappedFor'> {
  const isIn = (texts: readonly string[]) =>
    texts.some((text) => {
      const named = parsePrefix(text);
      return named !== null && contains(named, range);
    });
  const kind = kindToMap(range);
  if (kind !== null || isIn(mappedRanges)) {
    return { word: 'mapped', mappedFor: kind ?? 'user' };
  }
  return isIn(narrowedRanges) ? { word: 'narrowed' } : isIn(routedRanges) ? { word: 'routed' } : {};
}

/** What the user left out stays told: it is why addresses of the cluster are dead while the connection is on. */
function exclusion({ decision, reason, kind, prefix }: Route): Problem[] {
  const code = kind === 'services' ? 'services-excluded' : 'pods-excluded';
  return decision === 'excluded' && reason === 'user' && kind !== 'extra'
    ? [problem(code, cause('excludedByUser', { prefix }), { prefix })]
    : [];
}

/** Why an address is not routed where the user left it out; null where that is not why. */
export function exclusionOf(routes: readonly Route[], address: string): Problem | null {
  const parsed = parsePrefix(address);
  if (parsed === null) {
    return null;
  }
  const left = routes.filter(({ prefix, decision, reason }) => {
    const range = parsePrefix(prefix);
    return decision === 'excluded' && reason === 'user' && range !== null && contains(range, parsed);
  });
  return left.flatMap(exclusion)[0] ?? null;
}

/** Whether the user has another word on any range. */
export function isSameWord(one: RangeSettings, other: RangeSettings): boolean {
  const text = ({ extraRanges, excludedRanges, routedRanges, narrowedRanges, mappedRanges }: RangeSettings) =>
    JSON.stringify([extraRanges, excludedRanges, routedRanges, narrowedRanges, mappedRanges]);
  return text(one) === text(other);
}

/** What to ask the helper for. */
export function wantedRanges(plan: RangePlan): WantedRange[] {
  return plan.wanted.map(({ prefix, word }) => ({
    prefix,
    decision: word === 'narrowed' ? 'narrowed' : 'routed',
    ...(word === 'routed' ? { overBroader: true } : {}),
  }));
}

export interface RoutesDecided {
  readonly routes: readonly Route[];
  /** Not null: nothing at all would be routed. */
  readonly fatal: Problem | null;
  readonly problems: readonly Problem[];
}

/**
 * Why a range is withdrawn: reasons that lie in the network that the laptop is in now. They go when it leaves, and the
 * helper takes the range back. Each with its cause in words.
 */
const passingReasons: Readonly<Record<string, (conflict: string, on: string) => Cause>> = {
  'own-subnet': (conflict, on) => cause('withdrawnSubnet', { conflict, interface: on }),
  gateway: (conflict, on) => cause('withdrawnGateway', { conflict, interface: on }),
  protected: (conflict) => cause('withdrawnProtected', { conflict }),
  resolver: (conflict) => cause('withdrawnResolver', { conflict }),
  neighbour: (conflict, on) => cause('withdrawnNeighbour', { conflict, interface: on }),
  'other-cluster': (conflict, on) => cause('withdrawnCluster', { conflict, interface: on }),
  'other-route': (conflict, on) =>
    on === '' ? cause('withdrawnNowhere', { conflict }) : cause('withdrawnRoute', { conflict, interface: on }),
};

/** Null where an earlier core had the connection: what was routed then is not known, and counts as routed. */
interface Before {
  readonly routes: readonly Route[] | null;
  readonly problems: readonly Problem[];
}

/**
 * Joins the helper's answers to the plan. A range without an answer counts as refused. `before` is what was in force, for a
 * connection that is: what was routed, or was withdrawn, is withdrawn; what is refused from its first moment is refused.
 */
export function decideRoutes(
  plan: RangePlan,
  decisions: readonly RouteDecision[],
  before: Before | null = null,
  mappings: readonly Mapping[] = [],
): RoutesDecided {
  const virtuals = new Map(mappings.filter(({ retired }) => !retired).map(({ real, virtual }) => [real, virtual]));
  const byPrefix = new Map(decisions.map((decision) => [decision.prefix, decision]));
  const routes: Route[] = [];
  const problems: Problem[] = [];
  for (const range of plan.wanted) {
    const virtual = virtuals.get(range.prefix);
    const decision: RouteDecision = byPrefix.get(range.prefix) ?? {
      prefix: range.prefix,
      decision: 'refused',
      reason: range.word === 'mapped' ? 'too-many' : 'malformed',
    };
    const { prefix, kind, origin } = range;
    if (virtual !== undefined && (range.word === 'mapped' || decision.decision === 'refused')) {
      const {
        reason = '',
        conflict = '',
        interface: on = '',
      }: Partial<RouteDecision> = range.mappedFor === undefined ? decision : { reason: range.mappedFor };
      routes.push({ ...{ prefix, kind, origin, virtual, reason, conflict, interface: on }, decision: 'mapped' });
      continue;
    }
    if (decision.decision === 'refused' && decision.reason === 'own-way') {
      const { conflict = '', interface: on = '' } = decision;
      routes.push({ ...leftOut(range, prefix, 'own-way'), conflict, interface: on });
      continue;
    }
    routes.push({
      prefix,
      kind,
      origin,
      decision: decision.decision,
      reason: decision.reason ?? '',
      conflict: decision.conflict ?? '',
      interface: decision.interface ?? '',
      ...partsOf(decision, virtuals),
    });
    if (range.mappedFor === 'user' && decision.decision !== 'refused') {
      problems.push(problem('ranges-kept', cause('noVirtualRoom', { prefix }), { prefix }));
    }
    if (decision.decision === 'refused') {
      const isWithdrawn = before !== null && wasThere(range, before) && (decision.reason ?? '') in passingReasons;
      const refused = isWithdrawn ? withdrawal(range, decision) : refusal(range, decision);
      problems.push({ ...refused, severity: 'warning' });
    }
  }
  const [first] = problems;
  const fatal: Problem | null = routes.some(isRouted) || first === undefined ? null : { ...first, severity: 'error' };
  return { routes: [...routes, ...plan.left], fatal, problems };
}

/** It was carried, alone or as a part of another range, or would have been if the laptop had not needed it. */
function wasThere({ prefix }: Range, before: Before): boolean {
  const isWithdrawn = before.problems.some((one) => one.code === 'route-withdrawn' && one.facts.prefix === prefix);
  const range = parsePrefix(prefix);
  const isWithin = (route: Route) => {
    const outer = parsePrefix(route.prefix);
    return range !== null && outer !== null && contains(outer, range);
  };
  return isWithdrawn || (before.routes?.some((route) => isRouted(route) && isWithin(route)) ?? true);
}

/** What is in force of a range that is not routed as a whole. */
function partsOf(
  { cuts, cutsMore, hosts, leftOut, decision }: RouteDecision,
  virtuals: ReadonlyMap<string, string>,
): Partial<Route> {
  const virtualOf = (prefix: string) => {
    const virtual = virtuals.get(prefix);
    return virtual === undefined ? {} : { virtual };
  };
  return {
    ...(cuts ? { cuts: cuts.map((cut) => ({ ...cut, ...virtualOf(cut.prefix) })) } : {}),
    ...(cutsMore ? { cutsMore } : {}),
    ...(decision === 'narrowed' ? { hosts: hosts ?? 0 } : {}),
    ...(leftOut ? { leftOut } : {}),
  };
}

/** What a refusal means in words, where the helper names no address that collides: [conflict, interface]. */
const inWords: Readonly<Record<string, readonly [string, string]>> = {
  malformed: ['what the helper takes for a range', 'this computer'],
  'default-route': ['everything', 'the default route'],
  'too-wide': ['too many other networks', 'this computer'],
  loopback: ["this computer's own addresses", 'lo'],
  'link-local': ['link-local addresses', 'every interface'],
  multicast: ['multicast addresses', 'every interface'],
  reserved: ['reserved addresses', 'every interface'],
  metadata: ["a cloud's metadata service", 'the default route'],
  public: ['public addresses', 'the internet'],
  ipv6: ['IPv6, which is switched off here,', 'this computer'],
  'own-subnet': ["this computer's own network", 'an interface'],
  gateway: ["this computer's gateway", 'an interface'],
  resolver: ["this computer's resolver", 'an interface'],
  protected: ["the API server's address", 'the way to the cluster'],
  neighbour: ['a device beside this computer', 'an interface'],
  'other-cluster': ["another cluster's range", 'another tunnel of this computer'],
  'other-route': ['another route', 'an interface'],
  'too-many': ['the limit on the number of routes', 'this computer'],
};

function withdrawal(range: Range, { reason = '', conflict = '', interface: name = '' }: RouteDecision): Problem {
  const cause = passingReasons[reason]?.(conflict, name) ?? reason;
  return problem('route-withdrawn', cause, {
    prefix: range.prefix,
    conflict,
    interface: name,
    reason,
    kind: range.kind,
  });
}

function refusal(range: Range, decision: RouteDecision): Problem {
  const reason = decision.reason ?? '';
  const [conflictInWords, interfaceInWords] = inWords[reason] ?? ['another network', 'an interface'];
  const conflict = decision.conflict || conflictInWords;
  const onInterface = decision.interface || interfaceInWords;
  const values = { prefix: range.prefix, conflict, interface: onInterface };
  const why =
    range.kind === 'services'
      ? cause('servicesCollide', values)
      : range.kind === 'pods'
        ? cause('podsCollide', values)
        : cause('extraCollides', values);
  return problem('route-refused', why, { prefix: range.prefix, conflict, interface: onInterface, reason });
}

function leftOut(range: Range, prefix: string, reason: string): Route {
  return { prefix, kind: range.kind, origin: range.origin, decision: 'excluded', reason, conflict: '', interface: '' };
}

/** Prefixes overlap only by one containing the other: what another covers is dropped. First come, first kept. */
function withoutCovered(ranges: readonly Placed[]): Placed[] {
  return ranges.filter(
    (range, index) =>
      !ranges.some(
        (other, otherIndex) =>
          otherIndex !== index &&
          contains(other.parsed, range.parsed) &&
          (other.parsed.length < range.parsed.length || otherIndex < index),
      ),
  );
}
