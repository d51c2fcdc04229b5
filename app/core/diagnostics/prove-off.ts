/**
 * The proof after switching off: a look at the laptop itself, at the helper's journal and at the cluster for anything of
 * ours. What cannot be looked at is not called good.
 */
import { type Problem, type Proof, problem, type Result } from '../../contract/index.ts';
import type { Ports } from '../ports.ts';
import { inspectHost } from './inspect-host.ts';

type Name = Proof['proof'];

export interface SwitchedOff {
  /** Context of a connection that is on now: what the laptop shows is then that one's. Empty for none. */
  readonly busyWith: string;
  /** Changes that are not known to be undone. */
  readonly leftOnHost: number;
  readonly agents: Result<{ ours: string[]; others: number }>;
}

export async function proveOff(ports: Ports, { busyWith, leftOnHost, agents }: SwitchedOff): Promise<Proof[]> {
  const host: readonly Name[] = ['interface', 'routes', 'resolver', 'journal'];
  const ofHost =
    busyWith === ''
      ? await proveHost(ports, leftOnHost)
      : host.map((name) => notChecked(name, `${busyWith} is on: what is there is its own`));
  return [...ofHost, proofOfCluster(agents)];
}

async function proveHost(ports: Ports, leftOnHost: number): Promise<Proof[]> {
  const { interfaces, routes, resolvers } = await ports.laptopProbe.traces();
  return [
    proofOf('interface', interfaces, 'no interface of Slipway'),
    proofOf('routes', routes, 'no route into a tunnel'),
    proofOf('resolver', resolvers, 'no nameserver of Slipway'),
    await proveJournal(ports, leftOnHost),
  ];
}

/** Asks the helper only where it runs: a proof is no reason to ask for a password. */
async function proveJournal(ports: Ports, leftOnHost: number): Promise<Proof> {
  const helper = await ports.helper.state();
  if (helper.state !== 'ready') {
    return leftOnHost > 0
      ? bad('journal', leftBehind(`${leftOnHost} changes are not known to be undone`))
      : notChecked('journal', 'the helper does not run; when it starts it undoes what its journal holds');
  }
  const inspected = await inspectHost(ports, [], []);
  if (!inspected.ok) {
    return { ...notChecked('journal', inspected.problem.cause), problem: inspected.problem };
  }
  const { leftOver } = inspected.value.host;
  return leftOver > 0
    ? bad('journal', leftBehind(`${leftOver} changes could not be undone`))
    : good('journal', 'the helper has nothing left to undo');
}

function proofOfCluster(agents: SwitchedOff['agents']): Proof {
  if (!agents.ok) {
    return { ...notChecked('cluster', agents.problem.cause), problem: agents.problem };
  }
  const { ours, others } = agents.value;
  if (ours.length > 0) {
    return bad('cluster', leftBehind(`${ours.join(', ')} is still there`));
  }
  const besides = others === 0 ? '' : `; ${others} of somebody else`;
  return good('cluster', `no agent of this laptop${besides}`);
}

function proofOf(name: Name, found: readonly string[] | null, none: string): Proof {
  if (found === null) {
    return notChecked(name, 'this system cannot be asked');
  }
  return found.length === 0 ? good(name, none) : bad(name, leftBehind(found.join(', ')));
}

function leftBehind(cause: string): Problem {
  return problem('left-behind', cause);
}

function good(proof: Name, answer: string): Proof {
  return { proof, state: 'good', answer, problem: null };
}

function bad(proof: Name, because: Problem): Proof {
  return { proof, state: 'bad', answer: because.cause, problem: because };
}

function notChecked(proof: Name, answer: string): Proof {
  return { proof, state: 'not-checked', answer, problem: null };
}
