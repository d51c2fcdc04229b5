/** Scenes of a connection that is on while something does not get there. */
import { cause, type Problem, problem } from '../contract/index.ts';
import type { ReachCheck } from '../core/engine-messages.ts';
import type { Clock } from '../core/ports.ts';
import type { World } from './world.ts';

type Check = ReachCheck['check'];

const range = '10.96.0.0/16';
const noAnswer = cause('noAnswerWithin', { time: '2 s' });
const taken = problem('route-taken', 'packets to 10.96.0.1 leave by tun0', { prefix: range, interface: 'tun0' });

const fails =
  (because: Problem, ...checks: readonly Check[]) =>
  ({ host }: World): void => {
    for (const check of checks) {
      host.reach.set(check, because);
    }
  };

export const reachScenarios = {
  /** A VPN's route lies before ours. */
  'route-taken': fails(taken, 'route'),
  /** Something takes the interface down, again and again. */
  'interface-down': fails(
    problem('interface-down', 'it was put up again three times', { interface: 'slipway0' }),
    'interface',
  ),
  /** The laptop's firewall lets nothing out. */
  'packets-dropped': fails(
    problem('packets-dropped', 'sendto: operation not permitted', { interface: 'slipway0' }),
    'firewall',
  ),
  /** CoreDNS has an error for everything. */
  'cluster-dns-failing': fails(problem('cluster-dns-failing', 'it answered SERVFAIL'), 'resolver'),
  /** A default-deny NetworkPolicy of egress, which may be read. */
  'egress-blocked': (world) => {
    world.cluster.policies = ['default-deny'];
    fails(problem('agent-egress-blocked', noAnswer), 'resolver', 'service', 'pod')(world);
  },
  /** Only port 53 is blocked, and whether by a policy may not be read. */
  'dns-blocked': (world) => {
    world.cluster.policies = null;
    fails(problem('cluster-dns-silent', noAnswer), 'resolver')(world);
  },
  /** No pod answers. */
  'pods-unreachable': fails(problem('pods-unreachable', noAnswer), 'pod'),
  /** The agent's node lost its way to the others. */
  'node-cut-off': fails(problem('agent-node-cut-off', noAnswer), 'pod'),
  /** A route that comes and goes every three seconds. */
  'route-flaps': (world, clock) => {
    const turn = (isTaken: boolean) =>
      clock.after(3000, () => {
        world.host.reach.set('route', isTaken ? taken : null);
        turn(!isTaken);
      });
    turn(true);
  },
} as const satisfies Record<string, (world: World, clock: Clock) => void>;
