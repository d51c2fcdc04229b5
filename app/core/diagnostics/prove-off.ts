/**
 * The proof after switching off: a look at the laptop itself, at the helper's journal and at the cluster for anything of
 * ours. What cannot be looked at is not called good.
 */
import { answerOf, type Cause, cause, type Problem, type Proof, problem, type Result } from '../../contract/index.ts';
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
      : host.map((name) => notChecked(name, cause('proofBusy', { context: busyWith })));
  return [...ofHost, proofOfCluster(agents)];
}

async function proveHost(ports: Ports, leftOnHost: number): Promise<Proof[]> {
  const { interfaces, routes, resolvers } = await ports.laptopProbe.traces();
  return [
    proofOf('interface', interfaces, cause('goneInterface')),
    proofOf('routes', routes, cause('goneRoutes')),
    proofOf('resolver', resolvers, cause('goneResolver')),
    await proveJournal(ports, leftOnHost),
  ];
}

/** Asks the helper only where it runs: a proof is no reason to ask for a password. */
async function proveJournal(ports: Ports, leftOnHost: number): Promise<Proof> {
  const helper = await ports.helper.state();
  if (helper.state !== 'ready') {
    return leftOnHost > 0
      ? bad('journal', problem('left-behind', cause('leftUnsure', { count: leftOnHost })))
      : notChecked('journal', cause('journalLater'));
  }
  const inspected = await inspectHost(ports);
  if (!inspected.ok) {
    return { ...bad('journal', inspected.problem), state: 'not-checked' };
  }
  const { leftOver } = inspected.value.host;
  return leftOver > 0
    ? bad('journal', problem('left-behind', cause('leftOver', { count: leftOver })))
    : good('journal', cause('goneJournal'));
}

function proofOfCluster(agents: SwitchedOff['agents']): Proof {
  if (!agents.ok) {
    return { ...bad('cluster', agents.problem), state: 'not-checked' };
  }
  const { ours, others } = agents.value;
  if (ours.length > 0) {
    return bad('cluster', problem('left-behind', cause('leftAgents', { agents: ours.join(', ') })));
  }
  return good('cluster', others === 0 ? cause('goneAgents') : cause('goneAgentsOfOthers', { count: others }));
}

function proofOf(name: Name, found: readonly string[] | null, none: Cause): Proof {
  if (found === null) {
    return notChecked(name, cause('noLook'));
  }
  return found.length === 0 ? good(name, none) : bad(name, problem('left-behind', found.join(', ')));
}

function good(proof: Name, found: Cause): Proof {
  return { proof, state: 'good', ...answerOf(found), problem: null };
}

function bad(proof: Name, because: Problem): Proof {
  return { proof, state: 'bad', ...answerOf(because.said ?? because.cause), problem: because };
}

function notChecked(proof: Name, because: Cause): Proof {
  return { proof, state: 'not-checked', ...answerOf(because), problem: null };
}
