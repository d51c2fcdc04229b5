/**
 * The checks of a connection: whether it is on, its agent, and the way from this laptop into the cluster and back, by the
 * same reach check that watches it. What cannot be asked is said not to have been, with why.
 */
import { type Cause, type Check, cause, type Problem, problem, type Result } from '../../contract/index.ts';
import { isEstablished } from '../connection/outcome.ts';
import { problemOfFailed } from '../connection/reach.ts';
import type { Runner } from '../connection/runner.ts';
import { problemFromWire, type ReachCheck, type Tested } from '../engine-messages.ts';
import type { Ports } from '../ports.ts';
import { bad, type CheckName, good, notChecked, warning } from './check-forms.ts';

/** A name that every cluster has: the Service of its own API server. */
const knownName = 'kubernetes.default.svc';
const knownPort = 443;

/** Everything that only a connection can be asked, and the routes while there is one. */
export async function checkConnection(ports: Ports, runner: Runner | null): Promise<Check[]> {
  const state = runner?.state();
  if (runner === null || state === undefined || !isEstablished(state)) {
    const rest = (['agent', 'tunnel', 'firewall', 'cluster-dns', 'endpoints', 'names'] as const).map((name) =>
      notChecked(name, cause('needsConnection')),
    );
    const connection =
      state?.phase === 'failed' ? bad('connection', state.because, 0) : notChecked('connection', cause('notConnected'));
    return [connection, ...rest];
  }
  const on =
    state.phase === 'connected' ? good('connection', cause('proofIsOn'), 0) : bad('connection', state.because, 0);
  return [on, await checkAgent(ports, runner), ...(await checkPath(ports, runner))];
}

async function checkAgent(ports: Ports, runner: Runner): Promise<Check> {
  const startedAt = ports.clock.now();
  const { held } = runner.state();
  const cluster = runner.cluster();
  if (held.agent.state !== 'placed' || cluster === null) {
    return bad('agent', problem('agent-gone', cause('agentReplaced')), 0);
  }
  const { placed } = held.agent;
  const lives = await cluster.agentLives(placed);
  const milliseconds = ports.clock.now() - startedAt;
  if (!lives.ok) {
    return bad('agent', lives.problem, milliseconds);
  }
  const pod = `${placed.agent.namespace}/${placed.agent.pod}`;
  return lives.value
    ? good('agent', cause('agentRuns', { pod }), milliseconds)
    : bad('agent', problem('agent-gone', cause('agentRunsNot', { pod })), milliseconds);
}

/** What the engine found on the way, by the reach check and by the way to one name. */
async function checkPath(ports: Ports, runner: Runner): Promise<Check[]> {
  const startedAt = ports.clock.now();
  const [reached, tested] = await Promise.all([runner.checkReach(), runner.test(knownName, knownPort)]);
  const milliseconds = ports.clock.now() - startedAt;
  if (!tested.ok) {
    return [
      bad('tunnel', tested.problem, milliseconds),
      ...(['routes', 'firewall', 'cluster-dns', 'endpoints', 'names'] as const).map((name) =>
        notChecked(name, cause('needsEngine')),
      ),
    ];
  }
  const state = runner.state();
  const degraded = isEstablished(state) ? state.warnings : null;
  const namesOff = degraded?.engine.find(({ code }) => code === 'resolver-unset');
  const excluded = degraded?.ranges.find(({ severity }) => severity !== 'info') ?? null;
  const name = ofStep('names', 'name', tested.value);
  const facts = { context: state.cluster.context, namespace: state.wanted.agentNamespace };
  const routes = ofReach('routes', ['interface', 'route'], reached, facts, stepProblem(tested.value, 'route'));
  return [
    ofStep('tunnel', 'tunnel', tested.value),
    excluded !== null && routes.state === 'good' ? warning('routes', excluded, routes.milliseconds) : routes,
    ofReach('firewall', ['firewall'], reached, facts, null),
    ofReach('cluster-dns', ['resolver'], reached, facts, null),
    ofReach('endpoints', ['service', 'pod'], reached, facts, stepProblem(tested.value, 'connection')),
    namesOff === undefined ? name : warning('names', namesOff, 0),
  ];
}

/** What of the reach check belongs to one check. `other` is what went wrong with the same on another way: it is not dropped. */
function ofReach(
  check: CheckName,
  members: readonly ReachCheck['check'][],
  reached: Result<readonly ReachCheck[]>,
  facts: Readonly<Record<string, string>>,
  other: Problem | null,
): Check {
  if (!reached.ok) {
    return other === null ? notChecked(check, reasonOf(reached.problem)) : bad(check, other, 0);
  }
  const own = reached.value.filter((one) => members.includes(one.check));
  const failed = own.find(({ state }) => state === 'failed');
  if (failed !== undefined) {
    return bad(check, problemOfFailed(failed, facts), 0);
  }
  if (other !== null) {
    return bad(check, other, 0);
  }
  const passed = own.filter(({ state }) => state === 'passed');
  if (passed.length === 0) {
    const isAfterFailure = reached.value.some(({ state }) => state === 'failed');
    return notChecked(check, cause(isAfterFailure ? 'earlierStep' : 'nothingToAsk'));
  }
  const subjects = [...new Set(passed.map(({ subject }) => subject).filter((subject) => subject !== ''))].join(', ');
  return good(check, subjects === '' ? cause('answers') : cause('reached', { subjects }), 0);
}

function reasonOf({ said, title }: Problem): Cause {
  return said ?? cause('notAskedBecause', { reason: title });
}

function stepProblem(tested: Tested, step: string): Problem | null {
  const found = tested.steps.find((candidate) => candidate.step === step);
  return found?.problem ? problemFromWire(found.problem) : null;
}

function ofStep(check: CheckName, step: string, tested: Tested): Check {
  const found = tested.steps.find((candidate) => candidate.step === step);
  if (found === undefined) {
    return notChecked(check, cause('earlierStep'));
  }
  const milliseconds = found.microseconds / 1000;
  if (found.problem) {
    return bad(check, problemFromWire(found.problem), milliseconds);
  }
  const { answer: address } = found;
  return good(check, address ? cause('nameIs', { name: knownName, address }) : cause('answers'), milliseconds);
}
