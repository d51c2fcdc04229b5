/** The machine's state as frontends see it (contract/state.ts). Pure. */
import {
  type Connection,
  causeText,
  type PathReason,
  type Problem,
  type ProxyInForce,
  withFacts,
} from '../../contract/index.ts';
import { offeredDomains } from '../naming/offered-domains.ts';
import { pathReasonOf } from './direct-path.ts';
import type { ConnectionState, Established, Warnings } from './state.ts';
import { currentStep } from './steps.ts';

export function present(state: ConnectionState): Connection {
  const { cluster } = state;
  const told = (because: Problem) => withFacts(because, { context: cluster.context });
  switch (state.phase) {
    case 'off':
      return { phase: 'off', cluster, last: state.last && told(state.last) };
    case 'preparing': {
      const { bringUp, attempt, startedAt } = state;
      const step = currentStep(bringUp);
      const waits = step === 'cluster' || step === 'agent' ? bringUp.waiting : null;
      const detail = waits ?? (step === 'agent' ? bringUp.detail : '');
      return {
        phase: 'preparing',
        cluster,
        attempt,
        startedAt,
        step,
        stepStartedAt: bringUp.begun[step] ?? startedAt,
        detail: causeText(detail),
        detailSaid: typeof detail === 'string' ? null : detail,
        done: [...bringUp.done],
      };
    }
    case 'connected': {
      const { since, path, routes, names, agent, roundTripMicroseconds, counters, done } = state.live;
      return {
        phase: 'connected',
        cluster,
        since,
        path,
        ...reasonOf(state),
        interface: state.live.interface,
        ...proxyOf(state),
        routes: [...routes],
        names,
        agent,
        homeNamespace: state.wanted.homeNamespace,
        roundTripMicroseconds,
        bytesUp: counters.bytesUp,
        bytesDown: counters.bytesDown,
        degraded: [...warningsOf(state.warnings).values()].map(told),
        checkedAt: state.live.reach.checkedAt,
        ...offeredOf(state),
        done: [...done],
      };
    }
    case 'tunnel-lost':
    case 'engine-lost':
      return {
        phase: 'reconnecting',
        cluster,
        since: state.live.since,
        lostAt: state.lostAt,
        attempt: state.attempt,
        nextTryAt: state.nextTryAt,
        because: told(state.because),
        hostKept: state.phase === 'tunnel-lost',
        ...proxyOf(state),
        routes: [...state.live.routes],
        names: state.live.names,
        homeNamespace: state.wanted.homeNamespace,
      };
    case 'disconnecting':
      return { phase: 'disconnecting', cluster, startedAt: state.startedAt };
    case 'failed': {
      const { at, step, milliseconds, because, leftOnHost, retry, nextTryAt } = state;
      const done = [...state.done];
      return {
        phase: 'failed',
        cluster,
        at,
        step,
        milliseconds,
        done,
        because: told(because),
        leftOnHost,
        retry,
        nextTryAt,
      };
    }
  }
}

function reasonOf({ live, policy }: Established): { pathReason?: PathReason } {
  const pathReason = pathReasonOf(live, policy);
  return pathReason === null ? {} : { pathReason };
}

function proxyOf({ live: { proxy } }: Established): { proxy?: ProxyInForce } {
  return proxy === null ? {} : { proxy };
}

/** Domains that the user may let the cluster answer for; absent where there are none. */
function offeredOf({ live, policy }: Established): { offeredDomains?: string[] } {
  const offered = offeredDomains(live, policy);
  return offered.length === 0 ? {} : { offeredDomains: offered };
}

/**
 * Every warning once, by what it is about: rights are checked at the start, where one warning tells of all that a Role
 * would give, and missed again one by one where they are used.
 */
export function warningsOf(warnings: Warnings): Map<string, Problem> {
  const seen = new Map<string, Problem>();
  const { reach, engine, ranges, catalogue, cluster, credentials, limits, direct } = warnings;
  const covered = new Set(
    cluster.flatMap(({ facts }) => {
      const verbs = facts.verb?.split(', ') ?? [];
      const resources = facts.resource?.split(', ') ?? [];
      const isGroup = verbs.length > 1 || resources.length > 1;
      return isGroup ? verbs.flatMap((verb) => resources.map((resource) => `forbidden ${verb} ${resource}  `)) : [];
    }),
  );
  for (const problem of [
    ...reach,
    ...engine,
    ...ranges,
    ...catalogue,
    ...cluster,
    ...credentials,
    ...limits,
    ...direct,
  ]) {
    const { verb = '', resource = '', prefix = '', reason = '' } = problem.facts;
    const key = [problem.code, verb, resource, prefix, reason].join(' ');
    if (!seen.has(key) && !covered.has(key)) {
      seen.set(key, problem);
    }
  }
  return seen;
}
