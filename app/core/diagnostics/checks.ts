/** The checks behind `doctor`: each says in one sentence how a part is, and where it is bad, what to do. Changes nothing. */
import {
  answerOf,
  type Cause,
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
  let found = cause('helperServes');
  if (known === null && !mayStartHelper && (await ports.helper.state()).state !== 'ready') {
    return (['helper', 'tun', 'resolver'] as const).map((name) => notChecked(name, cause('helperIdle')));
  }
  if (known === null) {
    const inspected = await inspectHost(ports, [], []);
    if (!inspected.ok && inspected.problem.code === 'tun-unavailable') {
      const milliseconds = ports.clock.now() - startedAt;
      return [
        good('helper', cause('answers'), milliseconds),
        bad('tun', inspected.problem, 0),
        notChecked('resolver', cause('needsTun')),
      ];
    }
    if (!inspected.ok) {
      return [
        bad('helper', inspected.problem, ports.clock.now() - startedAt),
        notChecked('tun', cause('needsHelper')),
        notChecked('resolver', cause('needsHelper')),
      ];
    }
    host = inspected.value.host;
    found = cause('helperBuild', { build: inspected.value.helper.build });
  } else {
    host = known;
  }
  const milliseconds = ports.clock.now() - startedAt;
  const left = problem('helper-lost', cause('leftOver', { count: host.leftOver }));
  const resolver = resolvers[host.resolverMode] ?? host.resolverMode;
  const servers = host.upstreams.join(', ');
  return [
    host.leftOver > 0
      ? { ...bad('helper', left, milliseconds), state: 'warning' }
      : good('helper', found, milliseconds),
    host.tunAvailable
      ? good('tun', cause('tunOpens'), 0)
      : bad('tun', problem('tun-unavailable', cause('noTunFile')), 0),
    good(
      'resolver',
      servers === '' ? cause('resolverAsksNone', { resolver }) : cause('resolverAsks', { resolver, servers }),
      0,
    ),
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
    notChecked('rights', cause('needsApiServer')),
    notChecked('clock', cause('needsApiServer')),
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
      good('api-server', cause('apiServerAnswers', { server: context.value.server, version }), reachedAt - startedAt),
      checkOfRights(rights, namespace, agentImage, ports.clock.now() - reachedAt),
      Math.abs(clockSkewMilliseconds) > tolerableSkew
        ? bad('clock', problem('clock-wrong', cause('clockApart', { seconds: skew })), 0)
        : good('clock', cause('clockWithin', { seconds: skew }), 0),
    ];
  } finally {
    if (held === null) {
      cluster.close();
    }
  }
}

function checkOfRights(rights: Result<Problem[]>, namespace: string, agentImage: string, milliseconds: number): Check {
  if (!rights.ok) {
    return { ...bad('rights', rights.problem, milliseconds), state: 'not-checked' };
  }
  const [first] = rights.value;
  if (first === undefined) {
    return good('rights', cause('rightsComplete', { namespace }), milliseconds);
  }
  const lacking = rights.value.map((missing) => `${missing.facts.verb} ${missing.facts.resource}`).join(', ');
  const fatal = rights.value.find((missing) => isNeeded(missing, agentImage));
  const state = fatal === undefined ? 'warning' : 'bad';
  const found = answerOf(cause('rightsMissing', { rights: lacking }));
  return { check: 'rights', state, ...found, milliseconds, problem: fatal ?? first };
}

async function checkConnection(ports: Ports, runner: Runner | null): Promise<Check[]> {
  if (runner === null || !isEstablished(runner.state())) {
    return (['agent', 'tunnel', 'names'] as const).map((name) => notChecked(name, cause('notConnected')));
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
  const pod = `${placed.agent.namespace}/${placed.agent.pod}`;
  return lives.value
    ? good('agent', cause('agentRuns', { pod }), milliseconds)
    : bad('agent', problem('agent-gone', cause('agentRunsNot', { pod })), milliseconds);
}

async function checkDataPath(ports: Ports, runner: Runner): Promise<Check[]> {
  const startedAt = ports.clock.now();
  const tested = await runner.test(knownName, knownPort);
  if (!tested.ok) {
    return [bad('tunnel', tested.problem, ports.clock.now() - startedAt), notChecked('names', cause('needsEngine'))];
  }
  const state = runner.state();
  const connected = state.phase === 'connected' ? state : null;
  const namesOff = connected?.warnings.engine.find(({ code }) => code === 'resolver-unset');
  const name = checkOfStep('names', 'name', tested.value);
  return [
    checkOfStep('tunnel', 'tunnel', tested.value),
    namesOff === undefined ? name : { ...bad('names', namesOff, 0), state: 'warning' },
  ];
}

function checkOfStep(check: Name, step: string, tested: Tested): Check {
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

function good(check: Name, found: Cause, milliseconds: number): Check {
  return { check, state: 'good', ...answerOf(found), milliseconds, problem: null };
}

function bad(check: Name, because: Problem, milliseconds: number): Check {
  return { check, state: 'bad', ...answerOf(because.said ?? because.cause), milliseconds, problem: because };
}

function notChecked(check: Name, because: Cause): Check {
  return { check, state: 'not-checked', ...answerOf(because), milliseconds: 0, problem: null };
}
