/** The checks behind `doctor`: each says in one sentence how a part is, and where it is bad, what to do. Changes nothing. */
import {
  answerOf,
  type Check,
  type Context,
  cause,
  checkSchema,
  isRouted,
  type Problem,
  problem,
  type Result,
  type Route,
  type Settings,
  success,
  withFacts,
} from '../../contract/index.ts';
import { isNeeded } from '../clusters/preflight.ts';
import { isEstablished } from '../connection/outcome.ts';
import type { Runner } from '../connection/runner.ts';
import type { HostInspection } from '../engine-messages.ts';
import type { Access } from '../handlers/access.ts';
import type { Ports } from '../ports.ts';
import { ownWays } from '../routing/kept-parts.ts';
import { planRanges } from '../routing/plan.ts';
import { wantedFor } from '../settings/context-choices.ts';
import { policyOf } from '../settings/settings.ts';
import { checkContainers } from './check-containers.ts';
import { bad, good, notChecked, warning } from './check-forms.ts';
import { checkConnection } from './check-path.ts';
import { inspectHost, inspectRoutes } from './inspect-host.ts';

/** A clock further off than this, in milliseconds, is bad. */
const tolerableSkew = 60_000;

/**
 * `context` is the one to check, or why there is none. `runner` is its connection; `active` is whichever connection
 * is on, whose engine then holds the helper's lease. Where the helper may not be started, nobody is asked for a password.
 */
export async function runChecks(
  ports: Ports,
  context: Result<Context>,
  open: Access['openToAsk'],
  runner: Runner | null,
  active: Runner | null,
  mayStartHelper: boolean,
  settings: Settings,
): Promise<Check[]> {
  const [ofHost, ofCluster] = await Promise.all([
    checkHost(ports, active, mayStartHelper),
    checkCluster(ports, context, open, settings, runner),
  ]);
  const isOn = runner !== null && isEstablished(runner.state());
  const ofPath = await checkConnection(ports, runner);
  const ofContainers = await containersOf(ports, runner);
  const routes = isOn ? [] : [await checkRoutes(ports, context, open, settings, runner, [...ofHost, ...ofCluster])];
  const found = [...ofHost, ...ofCluster, ...ofPath, ...ofContainers, ...routes];
  const checks = checkSchema.shape.check.options.flatMap((name) => found.filter(({ check }) => check === name));
  const facts = context.ok ? { context: context.value.name } : {};
  return checks.map((check) => ({ ...check, problem: check.problem && withFacts(check.problem, facts) }));
}

async function containersOf(ports: Ports, runner: Runner | null): Promise<Check[]> {
  const state = runner?.state();
  const names = state !== undefined && isEstablished(state) && !state.wanted.proxy ? state.live.names : null;
  const check = names === null ? null : checkContainers(await ports.laptopProbe.interfaces(), names);
  return check === null ? [] : [check];
}

/** Who answers names on this laptop, by the helper's words for it. */
const resolvers: Readonly<Record<string, string>> = {
  resolved: 'systemd-resolved',
  'resolv-conf': '/etc/resolv.conf',
};

async function checkHost(ports: Ports, active: Runner | null, mayStartHelper: boolean): Promise<Check[]> {
  if (active?.state().wanted.proxy === true) {
    return (['helper', 'tun', 'resolver'] as const).map((name) => notChecked(name, cause('proxyNeedsNone')));
  }
  const startedAt = ports.clock.now();
  const known = active?.host() ?? null;
  let host: HostInspection;
  let found = cause('helperServes');
  if (known === null && !mayStartHelper && (await ports.helper.state()).state !== 'ready') {
    return (['helper', 'tun', 'resolver'] as const).map((name) => notChecked(name, cause('helperIdle')));
  }
  if (known === null) {
    const inspected = await inspectHost(ports);
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
    host.leftOver > 0 ? warning('helper', left, milliseconds) : good('helper', found, milliseconds),
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
  open: Access['openToAsk'],
  settings: Settings,
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
  const wanted = runner?.state().wanted ?? wantedFor(settings, context.value, {});
  const opened =
    held === null ? await open(context.value, wanted.homeNamespace) : success({ cluster: held, close: () => {} });
  if (!opened.ok) {
    return lost(opened.problem);
  }
  const { cluster, close } = opened.value;
  try {
    const reached = await cluster.reach();
    if (!reached.ok) {
      return lost(reached.problem);
    }
    const reachedAt = ports.clock.now();
    const { version, clockSkewMilliseconds } = reached.value;
    const { agentNamespace: namespace, agentImage } = wanted;
    const rights = await cluster.checkRights(namespace);
    const skew = Math.round(Math.abs(clockSkewMilliseconds) / 1000);
    return [
      good('api-server', cause('apiServerAnswers', { server: context.value.server, version }), reachedAt - startedAt),
      checkOfRights(rights, namespace, agentImage, ports.clock.now() - reachedAt),
      Math.abs(clockSkewMilliseconds) > tolerableSkew
        ? bad('clock', problem('clock-wrong', cause('clockApart', { seconds: skew })), 0)
        : good('clock', cause('clockWithin', { seconds: skew }), 0),
    ];
  } finally {
    close();
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

/** Whether the cluster's ranges would be routed on this laptop as it is now; while nothing is on. Changes nothing. */
async function checkRoutes(
  ports: Ports,
  context: Result<Context>,
  open: Access['openToAsk'],
  settings: Settings,
  runner: Runner | null,
  before: readonly Check[],
): Promise<Check> {
  const isGood = (name: Check['check']) =>
    before.some(({ check, state }) => check === name && state !== 'bad' && state !== 'not-checked');
  if (!context.ok || !isGood('api-server')) {
    return notChecked('routes', cause('needsApiServer'));
  }
  if (!isGood('helper') || !isGood('tun')) {
    return notChecked('routes', cause('needsHelper'));
  }
  const startedAt = ports.clock.now();
  const took = () => ports.clock.now() - startedAt;
  const held = runner?.cluster() ?? null;
  const wanted = runner?.state().wanted ?? wantedFor(settings, context.value, {});
  const opened =
    held === null ? await open(context.value, wanted.homeNamespace) : success({ cluster: held, close: () => {} });
  if (!opened.ok) {
    return bad('routes', opened.problem, took());
  }
  const { cluster, close } = opened.value;
  try {
    const [ranges, protectedAddresses] = await Promise.all([cluster.discoverRanges(), cluster.protectedAddresses()]);
    const planned = ranges.ok
      ? planRanges(ranges.value, policyOf(settings, { context: context.value.name, file: context.value.file }))
      : ranges;
    if (!planned.ok) {
      return bad('routes', planned.problem, took());
    }
    const inspected = await inspectRoutes(ports, planned.value, protectedAddresses);
    if (!inspected.ok) {
      return bad('routes', inspected.problem, took());
    }
    const { routes, fatal, problems } = inspected.value;
    if (fatal !== null) {
      return bad('routes', fatal, took());
    }
    const [worth] = [...problems, ...planned.value.problems].filter(({ severity }) => severity !== 'info');
    if (worth !== undefined) {
      return warning('routes', worth, took());
    }
    const list = (some: readonly Pick<Route, 'prefix'>[]) => some.map(({ prefix }) => prefix).join(', ');
    const reached = list(routes.filter(isRouted));
    const mapped = list(routes.filter(({ decision }) => decision === 'mapped'));
    const here = ownWays(routes);
    if (reached === '' && here.length > 0) {
      const isNode = here.some(({ reason }) => reason === 'own-node');
      const words = { ranges: list(here) };
      return good('routes', isNode ? cause('rangesHere', words) : cause('rangesByNodes', words), took());
    }
    return good(
      'routes',
      mapped === '' ? cause('rangesFree', { ranges: reached }) : cause('rangesMapped', { ranges: reached, mapped }),
      took(),
    );
  } finally {
    close();
  }
}
