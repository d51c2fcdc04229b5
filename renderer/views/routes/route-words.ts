/** Which words say what became of a range or a name. Pure. */
import { isLeftAlone, type NameRefusal, type Route } from '../../../app/contract/index.ts';
import type { Tone } from '../../kit/Badge.tsx';
import { en } from '../../words/english.ts';
import type { WordId } from '../../words/words.ts';

export const kindWords: Readonly<Record<Route['kind'], WordId>> = {
  services: 'routes.kind.services',
  pods: 'routes.kind.pods',
  extra: 'routes.kind.extra',
};

export const originWords: Readonly<Record<Route['origin'], WordId>> = {
  'service-cidr': 'routes.origin.service-cidr',
  'api-answer': 'routes.origin.api-answer',
  'node-pod-cidr': 'routes.origin.node-pod-cidr',
  'calico-pool': 'routes.origin.calico-pool',
  'cilium-node': 'routes.origin.cilium-node',
  'observed-services': 'routes.origin.observed-services',
  'observed-pods': 'routes.origin.observed-pods',
  user: 'routes.origin.user',
};

interface Look {
  readonly words: WordId;
  readonly tone: Tone;
  /** The same of a cluster that is off. */
  readonly planned: WordId;
}

const looks: Readonly<Record<Route['decision'], Look>> = {
  routed: { words: 'routes.decision.routed', tone: 'fine', planned: 'routes.planned.routed' },
  cut: { words: 'routes.decision.cut', tone: 'fine', planned: 'routes.planned.cut' },
  narrowed: { words: 'routes.decision.narrowed', tone: 'fine', planned: 'routes.planned.narrowed' },
  mapped: { words: 'routes.decision.mapped', tone: 'fine', planned: 'routes.planned.mapped' },
  refused: { words: 'routes.decision.refused', tone: 'bad', planned: 'routes.planned.refused' },
  excluded: { words: 'routes.decision.excluded', tone: 'plain', planned: 'routes.planned.excluded' },
};
const leftAlone: Look = { words: 'routes.decision.left', tone: 'plain', planned: 'routes.decision.left' };

/** What is excluded by nobody's word is left alone. */
export function decisionLook(route: Pick<Route, 'decision' | 'reason'>): Look {
  return isLeftAlone(route) ? leftAlone : looks[route.decision];
}

/** Reasons are codes of the helper's policy; one that is not known here is shown as it is. Null where there is none. */
export function reasonWords({ reason, decision }: Pick<Route, 'reason' | 'decision'>): WordId | null {
  if (reason === '') {
    return decision === 'routed' || decision === 'mapped' ? null : 'routes.reason.none';
  }
  if (reason === 'user' && decision === 'mapped') {
    return 'routes.reason.mapped';
  }
  const id = `routes.reason.${reason}`;
  return Object.hasOwn(en, id) ? (id as WordId) : 'routes.reason.unknown';
}

/** Why the cluster does not answer for a name. Reasons are codes of the policy; one that is not known here is shown as it is. */
export function nameReasonWords({ reason }: Pick<NameRefusal, 'reason'>): WordId {
  const id = `routes.nameReason.${reason}`;
  return Object.hasOwn(en, id) ? (id as WordId) : 'routes.nameReason.unknown';
}

export const modeWords: Readonly<Record<string, WordId>> = {
  resolved: 'routes.mode.resolved',
  'resolv-conf': 'routes.mode.resolv-conf',
  elsewhere: 'routes.mode.elsewhere',
  proxy: 'routes.mode.proxy',
  off: 'routes.mode.off',
};
