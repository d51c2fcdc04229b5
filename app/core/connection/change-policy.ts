/** What another setting means for a connection, in every phase. Pure. */
import { isSameWord } from '../routing/plan.ts';
import { changeDirect } from './direct-path.ts';
import { isComingUp, isInForce, only, sendCatalogue } from './outcome.ts';
import { heedWord, planByWord } from './replan.ts';
import type { ConnectionState, Policy, Transition } from './state.ts';

/** Settings are heard at the next connect, but for ranges, for what the cluster may answer for and for the direct path. */
export function changePolicy(state: ConnectionState, policy: Policy): Transition {
  const changed = { ...state, policy };
  const { answersFor, extraDomains } = state.policy;
  if (changed.phase === 'disconnecting' && changed.afterwards.to === 'on') {
    const order = { ...changed.afterwards.order, policy };
    return only({ ...changed, afterwards: { to: 'on', order } });
  }
  if (isComingUp(changed)) {
    return only({ ...changed, bringUp: planByWord(changed.bringUp, policy) });
  }
  if (!isInForce(changed)) {
    return only(changed);
  }
  const isHeard = policy.answersFor !== answersFor || policy.extraDomains.join(' ') !== extraDomains.join(' ');
  const heeded = isSameWord(policy, state.policy) ? only(changed) : heedWord(changed);
  return {
    state: heeded.state,
    effects: [...(isHeard ? [sendCatalogue(changed)] : []), ...heeded.effects, ...changeDirect(state.policy, changed)],
  };
}
