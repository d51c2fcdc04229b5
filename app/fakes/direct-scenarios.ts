/** Scenes of the direct path. */
import { type Problem, problem } from '../contract/index.ts';
import type { Clock } from '../core/ports.ts';
import type { World } from './world.ts';

const mayNotMakeServices: Problem = problem(
  'forbidden',
  'services is forbidden: User "jane" cannot create resource "services" in API group "" in the namespace "webshop"',
  { verb: 'create', resource: 'services', namespace: 'webshop' },
  [
    'apiVersion: rbac.authorization.k8s.io/v1',
    'kind: Role',
    'metadata:',
    '  name: slipway-direct-path',
    '  namespace: webshop',
    'rules:',
    '  - apiGroups: [""]',
    '    resources: [services]',
    '    verbs: [create]',
    '',
  ].join('\n'),
);
export const directScenarios = {
  /** The agent's pod is reached without a tunnel, as on an office's flat network. */
  direct: ({ cluster }) => {
    cluster.ways.set('10.244.0.77', 'works');
  },
  /** As `direct`, for ten seconds in every twenty. */
  'direct-flaps': ({ cluster }, clock) => {
    const turn = (outcome: 'works' | 'silent') => {
      cluster.ways.set('10.244.0.77', outcome);
      cluster.changed();
      clock.after(10_000, () => turn(outcome === 'works' ? 'silent' : 'works'));
    };
    turn('works');
  },
  /** The node drops what comes to the port of the Service. */
  'direct-blocked': ({ cluster }) => {
    cluster.ways.set('10.1.2.3', 'silent');
    cluster.nodeUnread = true;
  },
  /** No Service may be made. */
  'direct-forbidden': ({ cluster }) => {
    cluster.directRefusal = mayNotMakeServices;
  },
} as const satisfies Record<string, (world: World, clock: Clock) => void>;
