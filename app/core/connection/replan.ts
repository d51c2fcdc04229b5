/** Another plan for a connection that is in force: the helper decided otherwise, or the cluster has other ranges. Pure. */
import type { Route } from '../../contract/index.ts';
import type { Range } from '../ports.ts';
import type { RouteDecision } from '../route-messages.ts';
import { isSameMapping, type Mapped, mapRanges, wantedWith } from '../routing/mapped.ts';
import { decideRoutes, planRanges, type RangePlan } from '../routing/plan.ts';
import type { Effect, InForce, Transition } from './state.ts';

/** The helper's policy holds as long as the connection: ranges are withdrawn and taken back. */
export function takeRoutes(state: InForce, decisions: readonly RouteDecision[]): Transition {
  const { plan, mapped: before } = state.live;
  const mapped = mapRanges(plan, decisions, before);
  const { routes, problems } = decideRoutes(plan, decisions, state.warnings.ranges, mapped.mappings);
  return {
    state: {
      ...state,
      live: { ...state.live, routes, mapped },
      warnings: { ...state.warnings, ranges: [...plan.problems, ...problems] },
    },
    effects: planAnew(plan, before, mapped),
  };
}

/** What the engine is to have now. What it answers may ask for one more. */
export function planAnew(plan: RangePlan, before: Mapped, mapped: Mapped): Effect[] {
  return isSameMapping(before, mapped) ? [] : [sendPlan(plan, mapped)];
}

const sendPlan = (plan: RangePlan, mapped: Mapped): Effect => ({
  kind: 'sendPlan',
  plan: { ranges: wantedWith(plan, mapped), mappings: [...mapped.mappings] },
});

/** The cluster says its ranges again. Where they are others than before, the engine hears of them, and says what came of it. */
export function takeRanges(state: InForce, found: readonly Range[]): Transition {
  const planned = planRanges(found, state.policy);
  if (!planned.ok) {
    return { state, effects: [] }; // what was found before stays in force
  }
  const plan = planned.value;
  const { plan: before, mapped: mappedBefore } = state.live;
  const told = ({ wanted, left }: RangePlan) => JSON.stringify([wanted, left]);
  if (told(plan) === told(before)) {
    return { state, effects: [] };
  }
  // What is mapped by what the helper said stays so until it says otherwise: names must not tell other addresses meanwhile.
  const mapped = mapRanges(plan, decisionsIn(state.live.routes), mappedBefore);
  return { state: { ...state, live: { ...state.live, plan, mapped } }, effects: [sendPlan(plan, mapped)] };
}

/** What the helper said of the ranges that are in force: those that it refused are mapped. */
const decisionsIn = (routes: readonly Route[]): RouteDecision[] =>
  routes.flatMap(({ prefix, decision, reason, cuts }) =>
    decision === 'excluded'
      ? []
      : [{ prefix, decision: decision === 'mapped' ? 'refused' : decision, reason, ...(cuts ? { cuts } : {}) }],
  );
