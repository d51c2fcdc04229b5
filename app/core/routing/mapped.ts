/**
 * Which ranges of a plan are mapped, by the user's word, by what they are, or by what the laptop needs of them. Pure. It
 * is asked anew with each answer of the helper, until that changes nothing any more.
 */

import { holdsRange } from '../../contract/index.ts';
import { parsePrefix } from '../../contract/prefix.ts';
import type { Mapping, RouteDecision, WantedRoutes } from '../route-messages.ts';
import { type AskedRange, type RangePlan, wantedRanges } from './plan.ts';
import { chooseVirtualRanges } from './virtual-ranges.ts';

export interface Mapped {
  readonly mappings: readonly Mapping[];
  /** What the laptop has where virtual ranges might be: it grows only. */
  readonly avoided: readonly string[];
  /** Ranges for which there is no room. */
  readonly left: readonly string[];
}

export const nothingMapped: Mapped = { mappings: [], avoided: [], left: [] };

/** Refusals and cuts by which an address is the laptop's, or another cluster's that is on; others say that it can be nobody's in a cluster. */
const laptopsReasons: ReadonlySet<string> = new Set([
  'own-subnet',
  'gateway',
  'resolver',
  'protected',
  'neighbour',
  'other-cluster',
  'other-route',
]);

/** The mapping for a plan, and what the helper said of its ranges; `before` is the one that it answers. */
export function mapRanges(plan: RangePlan, decisions: readonly RouteDecision[], before: Mapped): Mapped {
  const byPrefix = new Map(decisions.map((decision) => [decision.prefix, decision]));
  const reals = plan.wanted.flatMap((range) => {
    if (range.word === 'mapped') {
      return [range.prefix];
    }
    const decision = byPrefix.get(range.prefix);
    if (decision === undefined) {
      return [];
    }
    if (decision.decision === 'refused') {
      return laptopsReasons.has(decision.reason ?? '') ? [range.prefix] : [];
    }
    return (decision.cuts ?? []).filter(({ reason }) => laptopsReasons.has(reason)).map(({ prefix }) => prefix);
  });
  const apart = reals.filter(
    (real, index) =>
      !reals.some((other, at) => at !== index && holdsRange(other, real) && (other !== real || at < index)),
  );
  const avoided = new Set(before.avoided);
  for (const { virtual } of before.mappings) {
    const decision = byPrefix.get(virtual);
    if (decision !== undefined && decision.decision !== 'routed') {
      avoided.add(virtual);
      if (parsePrefix(decision.conflict ?? '') !== null) {
        avoided.add(decision.conflict ?? '');
      }
    }
  }
  const taken = [...avoided, ...plan.wanted.map(({ prefix }) => prefix), ...plan.left.map(({ prefix }) => prefix)];
  const { mappings, left } = chooseVirtualRanges(apart, taken, before.mappings);
  return { mappings, avoided: [...avoided], left };
}

/** What to ask the helper for: what is not mapped as a whole, and the virtual ranges. */
export function wantedWith(plan: RangePlan, { mappings, left }: Mapped): WantedRoutes {
  // What the user wanted mapped and has no room stays as it is rather than being lost.
  const isLiteral = ({ word, mappedFor, prefix }: AskedRange) =>
    word !== 'mapped' || (mappedFor === 'user' && left.includes(prefix));
  const literal = { ...plan, wanted: plan.wanted.filter(isLiteral) };
  const virtuals = mappings.map(({ virtual }) => ({ prefix: virtual, decision: 'routed' as const }));
  return { ranges: [...wantedRanges(literal), ...virtuals], nodes: plan.nodes };
}

/** Whether the engine would do the same by both. */
export function isSameMapping(one: Mapped, other: Mapped): boolean {
  const text = ({ mappings }: Mapped) =>
    mappings
      .map(({ real, virtual, retired = false }) => `${real} ${virtual} ${retired}`)
      .toSorted()
      .join('\n');
  return text(one) === text(other);
}
