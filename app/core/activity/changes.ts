/**
 * What happened between two states of a connection, as notes. Counters, round trips and progress are no events; a
 * warning is told when it appears and when it goes. Pure.
 */
import { isRouted, type Names, type Problem, placeText, type Route } from '../../contract/index.ts';
import { pathReasonOf } from '../connection/direct-path.ts';
import { isEstablished } from '../connection/outcome.ts';
import { warningsOf } from '../connection/present.ts';
import type { Connected, ConnectionState, Disconnecting, EngineLost, TunnelLost } from '../connection/state.ts';
import type { Note } from './activity.ts';

/** Null: there was no such connection before. */
export function notesOfChange(before: ConnectionState | null, after: ConnectionState, now: number): Note[] {
  if (before === after) {
    return [];
  }
  const { context } = after.cluster;
  return [...notesOfPhase(before, after, now), ...notesOfLive(before, after)].map((note) => ({ ...note, context }));
}

function notesOfPhase(before: ConnectionState | null, after: ConnectionState, now: number): Note[] {
  if (before?.phase === after.phase) {
    return after.phase === 'disconnecting' && isNewlyToOff(before, after) ? [{ kind: 'disconnect-asked' }] : [];
  }
  switch (after.phase) {
    case 'preparing': {
      const isAsked = after.attempt === 1 && !after.persistent; // else it was restored, or is tried again
      return isAsked ? [{ kind: 'connect-asked', facts: { homeNamespace: after.wanted.homeNamespace } }] : [];
    }
    case 'connected':
      return before?.phase === 'tunnel-lost' || before?.phase === 'engine-lost'
        ? notesOfRecovery(before, after, now)
        : notesOfConnecting(before, after, now);
    case 'tunnel-lost':
    case 'engine-lost':
      return before?.phase === 'tunnel-lost' // its engine was lost too: that it comes back was told
        ? []
        : [{ kind: 'tunnel-lost', severity: 'warning', problem: after.because }];
    case 'disconnecting':
      if (after.afterwards.to === 'off') {
        return [{ kind: 'disconnect-asked' }];
      }
      return after.afterwards.to === 'failed' && before?.phase === 'connected'
        ? [{ kind: 'tunnel-lost', severity: 'error', problem: after.afterwards.because }]
        : [];
    case 'off':
      return before === null ? [] : notesOfOff(before, after.leftOnHost, after.last, now);
    case 'failed': {
      const facts = { step: after.step, leftOnHost: String(after.leftOnHost) };
      return [{ kind: 'connect-failed', severity: 'error', facts, problem: after.because }];
    }
  }
}

function isNewlyToOff(before: ConnectionState, after: Disconnecting): boolean {
  return before.phase === 'disconnecting' && before.afterwards.to !== 'off' && after.afterwards.to === 'off';
}

function notesOfConnecting(before: ConnectionState | null, after: Connected, now: number): Note[] {
  const { namespace, pod, build, delivery } = after.live.agent;
  const { proxy } = after.live;
  const began = before?.phase === 'preparing' ? before.startedAt : now;
  const routed = after.live.routes.filter(isRouted);
  return [
    { kind: 'agent-placed', facts: { namespace, pod, build, delivery } },
    {
      kind: 'connected',
      facts: {
        interface: proxy === null ? after.live.interface : `127.0.0.1:${proxy.port}`,
        path: after.live.path,
        routes: String(routed.length),
        milliseconds: String(now - began),
      },
    },
    ...notesOfRanges([], after.live.routes),
  ];
}

function notesOfRecovery(before: TunnelLost | EngineLost, after: Connected, now: number): Note[] {
  return [{ kind: 'tunnel-recovered', facts: { milliseconds: String(now - before.lostAt), path: after.live.path } }];
}

function notesOfOff(before: ConnectionState, leftOnHost: number, last: Problem | null, now: number): Note[] {
  const wasUndoing = before.phase === 'disconnecting'; // else nothing was held, and it went in one go
  const began = wasUndoing ? before.startedAt : now;
  const off: Note = {
    kind: 'disconnected',
    severity: leftOnHost > 0 ? 'warning' : 'info',
    facts: { leftOnHost: String(leftOnHost), milliseconds: String(now - began) },
    problem: last,
  };
  return wasUndoing ? [off] : [{ kind: 'disconnect-asked' }, off];
}

/** What changed about something that is in force. */
function notesOfLive(before: ConnectionState | null, after: ConnectionState): Note[] {
  if (!isEstablished(after)) {
    return [];
  }
  const earlier = before !== null && isEstablished(before) ? before : null;
  const notes: Note[] = [];
  if (earlier !== null) {
    const { agent } = after.live;
    if (earlier.live.agent.pod !== agent.pod) {
      const facts = { namespace: agent.namespace, pod: agent.pod, before: earlier.live.agent.pod };
      notes.push({ kind: 'agent-replaced', facts });
    }
    if (before?.phase === 'connected' && after.phase === 'connected') {
      notes.push(...notesOfPath(before, after));
    }
    notes.push(...notesOfRanges(earlier.live.routes, after.live.routes));
    if (earlier.wanted.homeNamespace !== after.wanted.homeNamespace) {
      const facts = { namespace: after.wanted.homeNamespace, before: earlier.wanted.homeNamespace };
      notes.push({ kind: 'home-namespace-changed', facts });
    }
    if (earlier.live.names !== after.live.names && describe(earlier.live.names) !== describe(after.live.names)) {
      const { mode, upstreams } = after.live.names;
      notes.push({ kind: 'names-changed', facts: { mode, upstreams: upstreams.join(' ') } });
    }
  }
  if (earlier === null || earlier.warnings !== after.warnings) {
    const known = earlier === null ? new Map<string, Problem>() : warningsOf(earlier.warnings);
    notes.push(...notesOfWarnings(known, warningsOf(after.warnings)));
  }
  return notes;
}

/**
 * Ranges of which something else is in force than before; before a connection, as a whole. What is refused is told by its
 * warning, and how many hosts there are by the state alone.
 */
function notesOfRanges(before: readonly Route[], after: readonly Route[]): Note[] {
  if (before === after) {
    return [];
  }
  const earlier = new Map(before.map((route) => [route.prefix, route]));
  return after.filter(isRouted).flatMap((route): Note[] => {
    const { prefix, decision, reason, conflict, interface: on } = route;
    const known = earlier.get(prefix);
    const wasPartial = known !== undefined && known.decision !== 'routed' && isRouted(known);
    const isSame =
      known?.decision === decision && JSON.stringify(known.cuts ?? []) === JSON.stringify(route.cuts ?? []);
    return isSame || (decision === 'routed' && !wasPartial)
      ? []
      : [{ kind: 'range-changed', facts: { prefix, decision, reason, conflict, interface: on } }];
  });
}

/** Another way to the agent, and what became of the one before where that is known. */
function notesOfPath(before: Connected, after: Connected): Note[] {
  const [earlier, now] = [before, after].map(({ live, policy }) => pathReasonOf(live, policy)?.candidate ?? null);
  const place = (candidate: typeof now) => (candidate ? placeText(candidate) : '');
  if (before.live.path === after.live.path && place(earlier) === place(now)) {
    return [];
  }
  const left = after.live.direct.said?.tried.find((tried) => placeText(tried) === place(earlier));
  const facts = { path: after.live.path, place: place(now), before: place(earlier), outcome: left?.outcome ?? '' };
  return [{ kind: 'path-changed', facts }];
}

/** Without the search list: it follows the home namespace, which has its own entry. */
function describe({ mode, resolver, domains, upstreams, refused }: Names): string {
  return JSON.stringify([mode, resolver, domains, upstreams, refused]);
}

function notesOfWarnings(before: ReadonlyMap<string, Problem>, after: ReadonlyMap<string, Problem>): Note[] {
  const appeared = [...after].filter(([key]) => !before.has(key));
  const went = [...before].filter(([key]) => !after.has(key));
  return [
    ...appeared.map(([, problem]): Note => ({ kind: 'warning-appeared', severity: 'warning', problem })),
    ...went.map(([, problem]): Note => ({ kind: 'warning-went', facts: { code: problem.code, title: problem.title } })),
  ];
}
