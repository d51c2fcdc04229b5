/** The checks behind `doctor`: each says in one sentence how a part is, and where it is bad, what to do. Changes nothing. */
import {
  type Check,
  type Context,
  cause,
  type Problem,
  problem,
  type Result,
  withFacts,
} from '../../contract/index.ts';
import { type Confirmations, openCluster } from '../clusters/opening.ts';
import { isNeeded } from '../clusters/preflight.ts';
import { isEstablished } from '../connection/outcome.ts';
import type { Runner } from '../connection/runner.ts';
import type { HostInspection, Tested } from '../engine-messages.ts';
import { problemFromWire } from '../engine-messages.ts';
import type { ClusterPort, Ports } from '../ports.ts';
import { inspectHost } from './inspect-host.ts';

type Name = Check['check'];

/** A name that every cluster has: the Service of its own API server. */
const knownName = 'kubernetes.default.svc';
const knownPort = 443;
/** A clock further off than this, in milliseconds, is bad. */
const tolerableSkew = 60_000;

/**
 * `context` is the one to check, or why there is none. `runner` is its connection; `active` is whichever connection
 * is on, whose engine then holds the helper's lease. Where the helper may not be started, nobody is asked for a password.
 */
export async function runChecks(
  ports: Ports,
  context: Result<Context>,
  confirmations: Confirmations,
  runner: Runner | null,
  active: Runner | null,
  mayStartHelper = true,
): Promise<Check[]> {
  const [ofHost, ofCluster] = await Promise.all([
    checkHost(ports, active, mayStartHelper),
    checkCluster(ports, context, confirmations, runner),
  ]);
  const checks = [...ofHost, ...ofCluster, ...(await checkConnection(ports, runner))];
  const facts = context.ok ? { context: context.value.name } : {};
  return checks.map((check) => ({ ...check, problem: check.problem && withFacts(check.problem, facts) }));
}

/** Who answers names on this laptop, by the helper's words for it. */
const resolvers: Readonly<Record<string, string>> = {
  resolved: 'systemd-resolved',
  'resolv-conf': '/etc/resolv.conf',
};

async function checkHost(ports: Ports, active: Runner | null, mayStartHelper: boolean): Promise<Check[]> {
  const startedAt = ports.clock.now();
  const known = active?.host() ?? null;
  let host: HostInspection;
  let answer = 'serves the connection that is on';
  if (known === null && !mayStartHelper && (await ports.helper.state()).state !== 'ready') {
    const idle = 'the helper does not run, and is not started for this';
    return (['helper', 'tun', 'resolver'] as const).map((name) => notChecked(name, idle));
  }
  if (known === null) {
    const inspected = await inspectHost(ports, [], []);
    if (!inspected.ok && inspected.problem.code === 'tun-unavailable') {
      const milliseconds = ports.clock.now() - startedAt;
      return [
        good('helper', 'answers', milliseconds),
        bad('tun', inspected.problem, 0),
        notChecked('resolver', 'there is no TUN'),
      ];
    }
    if (!inspected.ok) {
      return [
        bad('helper', inspected.problem, ports.clock.now() - startedAt),
        notChecked('tun', 'the helper would know'),
        notChecked('resolver', 'the helper would know'),
      ];
    }
    host = inspected.value.host;
    answer = `answers, build ${inspected.value.helper.build}`;
  } else {
    host = known;
  }
  const milliseconds = ports.clock.now() - startedAt;
  const left = problem('helper-lost', cause('leftOver', { count: host.leftOver }));
  const upstreams = host.upstreams.join(', ') || 'none';
  return [
    host.leftOver > 0
      ? { check: 'helper', state: 'warning', answer: left.cause, milliseconds, problem: left }
      : good('helper', answer, milliseconds),
    host.tunAvailable ? good('tun', 'can be opened', 0) : bad('tun', problem('tun-unavailable', cause('noTunFile')), 0),
    good('resolver', `${resolvers[host.resolverMode] ?? host.resolverMode}, which asks ${upstreams}`, 0),
  ];
}

async function checkCluster(
  ports: Ports,
  context: Result<Context>,
  confirmations: Confirmations,
  runner: Runner | null,
): Promise<Check[]> {
  const startedAt = ports.clock.now();
  const lost = (because: Problem) => [
    bad('api-server', because, ports.clock.now() - startedAt),
    notChecked('rights', 'the API server would know'),
    notChecked('clock', 'the API server would know'),
  ];
  if (!context.ok) {
    return lost(context.problem);
  }
  const held = runner?.cluster() ?? null;
  const opened: Result<ClusterPort> =
    held === null ? await openCluster(ports.kubeconfig, context.value, confirmations) : { ok: true, value: held };
  if (!opened.ok) {
    return lost(opened.problem);
  }
  const cluster = opened.value;
  try {
    const reached = await cluster.reach();
    if (!reached.ok) {
      return lost(reached.problem);
    }
    const reachedAt = ports.clock.now();
    const { version, clockSkewMilliseconds } = reached.value;
    const namespace = runner?.state().wanted.agentNamespace || context.value.namespace || 'default';
    const rights = await cluster.checkRights(namespace);
    const agentImage = runner?.state().wanted.agentImage ?? '';
    const skew = Math.round(Math.abs(clockSkewMilliseconds) / 1000);
    return [
      good('api-server', `${context.value.server} answers, ${version}`, reachedAt - startedAt),
      checkOfRights(rights, namespace, agentImage, ports.clock.now() - reachedAt),
      Math.abs(clockSkewMilliseconds) > tolerableSkew
        ? bad('clock', problem('clock-wrong', cause('clockApart', { seconds: skew })), 0)
        : good('clock', `within ${skew} s of the API server's`, 0),
    ];
  } finally {
    if (held === null) {
      cluster.close();
    }
  }
}

function checkOfRights(rights: Result<Problem[]>, namespace: string, agentImage: string, milliseconds: number): Check {
  if (!rights.ok) {
    return { ...notChecked('rights', rights.problem.cause), problem: rights.problem, milliseconds };
  }
  const [first] = rights.value;
  if (first === undefined) {
    return good('rights', `all that Slipway uses, with the agent in ${namespace}`, milliseconds);
  }
  const answer = rights.value.map((missing) => `${missing.facts.verb} ${missing.facts.resource}`).join(', ');
  const fatal = rights.value.find((missing) => isNeeded(missing, agentImage));
  const state = fatal === undefined ? 'warning' : 'bad';
  return { check: 'rights', state, answer: `missing: ${answer}`, milliseconds, problem: fatal ?? first };
}

async function checkConnection(ports: Ports, runner: Runner | null): Promise<Check[]> {
  if (runner === null || !isEstablished(runner.state())) {
    return (['agent', 'tunnel', 'names'] as const).map((name) => notChecked(name, 'not connected'));
  }
  return [await checkAgent(ports, runner), ...(await checkDataPath(ports, runner))];
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
  return lives.value
    ? good('agent', `${placed.agent.namespace}/${placed.agent.pod} runs`, milliseconds)
    : bad('agent', problem('agent-gone', `${placed.agent.namespace}/${placed.agent.pod} does not run`), milliseconds);
}

async function checkDataPath(ports: Ports, runner: Runner): Promise<Check[]> {
  const startedAt = ports.clock.now();
  const tested = await runner.test(knownName, knownPort);
  if (!tested.ok) {
    return [bad('tunnel', tested.problem, ports.clock.now() - startedAt), notChecked('names', 'the engine would know')];
  }
  const state = runner.state();
  const connected = state.phase === 'connected' ? state : null;
  const namesOff = connected?.warnings.engine.find(({ code }) => code === 'resolver-unset');
  const name = checkOfStep('names', 'name', tested.value);
  return [
    checkOfStep('tunnel', 'tunnel', tested.value),
    namesOff === undefined
      ? name
      : { check: 'names', state: 'warning', answer: namesOff.cause, milliseconds: 0, problem: namesOff },
  ];
}

function checkOfStep(check: Name, step: string, tested: Tested): Check {
  const found = tested.steps.find((candidate) => candidate.step === step);
  if (found === undefined) {
    return notChecked(check, 'an earlier step failed');
  }
  const milliseconds = found.microseconds / 1000;
  if (found.problem) {
    return bad(check, problemFromWire(found.problem), milliseconds);
  }
  return good(check, found.answer ? `${knownName} is ${found.answer}` : 'answers', milliseconds);
}

function good(check: Name, answer: string, milliseconds: number): Check {
  return { check, state: 'good', answer, milliseconds, problem: null };
}

function bad(check: Name, because: Problem, milliseconds: number): Check {
  return { check, state: 'bad', answer: because.cause, milliseconds, problem: because };
}

function notChecked(check: Name, answer: string): Check {
  return { check, state: 'not-checked', answer, milliseconds: 0, problem: null };
}
