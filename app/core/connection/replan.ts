/** Another plan for a connection that is in force: the helper decided otherwise, or the cluster has other ranges. Pure. */
import { type Problem, problem, type Route } from '../../contract/index.ts';
import type { Range } from '../ports.ts';
import { inMessage, type RouteDecision } from '../route-messages.ts';
import { isSameMapping, type Mapped, mapRanges, wantedWith } from '../routing/mapped.ts';
import { decideRoutes, planRanges, type RangePlan } from '../routing/plan.ts';
import type { BringUp, Effect, InForce, Policy, Transition } from './state.ts';

/** The helper's policy holds as long as the connection: ranges are withdrawn and taken back. A plan may be refused as a whole. */
export function takeRoutes(
  state: InForce,
  decisions: readonly RouteDecision[],
  refused: Problem | null = null,
): Transition {
  const { live } = state;
  const isAsked = live.plan !== live.agreed.plan;
  if (refused === null && isAsked && !isAnswerTo(decisions, live.plan, live.mapped)) {
    return { state, effects: [] }; // to the plan before: the answer to this one follows
  }
  const { plan, mapped: asked } = refused === null ? live : live.agreed;
  const unheard = refused === null ? live.unheard : keptRanges(refused);
  const mapped = mapRanges(plan, decisions, asked);
  const before = { routes: live.routes, problems: state.warnings.ranges };
  const { routes, problems } = decideRoutes(plan, decisions, before, mapped.mappings);
  const taken = withUnheard(
    {
      ...state,
      live: { ...live, routes, plan, mapped, agreed: { plan, mapped } },
      warnings: { ...state.warnings, ranges: [...plan.problems, ...problems] },
    },
    unheard,
  );
  // What the engine has of a plan that failed half-way, only the one before puts right.
  const isBack = refused !== null && isAsked;
  return { state: taken, effects: isBack ? [sendPlan(plan, mapped)] : planAnew(plan, asked, mapped) };
}

/** Whether each range of a plan was decided on. */
function isAnswerTo(decisions: readonly RouteDecision[], plan: RangePlan, mapped: Mapped): boolean {
  const decided = new Set(decisions.map(({ prefix }) => prefix));
  return wantedWith(plan, mapped).ranges.every(({ prefix }) => decided.has(prefix));
}

const keptRanges = (because: Problem): Problem => problem('ranges-kept', because.said ?? because.cause);

/** A word of the user that could not be put in force is told until there is another. */
function withUnheard(state: InForce, unheard: Problem | null): InForce {
  const ranges = state.warnings.ranges.filter((one) => one !== state.live.unheard);
  return {
    ...state,
    live: { ...state.live, unheard },
    warnings: { ...state.warnings, ranges: unheard === null ? ranges : [...ranges, unheard] },
  };
}

/** What the engine is to have now. What it answers may ask for one more. */
export function planAnew(plan: RangePlan, before: Mapped, mapped: Mapped): Effect[] {
  return isSameMapping(before, mapped) ? [] : [sendPlan(plan, mapped)];
}

const sendPlan = (plan: RangePlan, mapped: Mapped): Effect => ({
  kind: 'sendPlan',
  plan: { ...inMessage(wantedWith(plan, mapped)), mappings: [...mapped.mappings] },
});

/** The cluster says its ranges again. Where they are others than before, the engine hears of them, and says what came of it. */
export function takeRanges(state: InForce, found: readonly Range[]): Transition {
  const planned = planRanges(found, state.policy);
  return planned.ok ? takePlan(state, planned.value) : { state, effects: [] }; // what was found before stays in force
}

/**
 * The user has another word on ranges than when they were planned. What need not move is not touched; a word that leaves nothing
 * is told, and what was in force stays.
 */
export function heedWord(state: InForce): Transition {
  const planned = planRanges(state.live.plan.found, state.policy);
  return planned.ok
    ? takePlan(withUnheard(state, null), planned.value)
    : { state: withUnheard(state, keptRanges(planned.problem)), effects: [] };
}

/** The same for one that comes up, while the engine was not asked. */
export function planByWord(bringUp: BringUp, policy: Policy): BringUp {
  const planned = bringUp.plan === null ? null : planRanges(bringUp.plan.found, policy);
  return planned?.ok === true && bringUp.tasks.prepare === 'todo'
    ? { ...bringUp, plan: planned.value, mapped: mapRanges(planned.value, [], bringUp.mapped) }
    : bringUp;
}

function takePlan(state: InForce, plan: RangePlan): Transition {
  const { plan: before, mapped: mappedBefore } = state.live;
  const told = ({ wanted, left, nodes }: RangePlan) => JSON.stringify([wanted, left, nodes]);
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
