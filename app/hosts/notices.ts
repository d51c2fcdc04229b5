/**
 * What a user is told who does not look at the window: only what they did not cause, at most once for each event, and
 * never again and again. A pure function of snapshots and the time, for every host that can notify.
 */
import {
  type Connection,
  catalogue,
  isProblemCode,
  keyText,
  type Login,
  type Problem,
  type Snapshot,
} from '../contract/index.ts';

/** A loss shorter than this, in milliseconds, is no event. */
export const lossPatience = 5000;

/** After a loss was told, further ones of the same context are not told for this long. Milliseconds. */
export const quietTime = 10 * 60_000;

/**
 * refused: rights or credentials say no; failed: anything else that ended it; withdrawn: the network that the laptop
 * came into takes ranges away from a connection that goes on; degraded: the connection is on and something does not get
 * there; whole: everything does again; login: a credential plugin waits for its user.
 */
export interface Notice {
  readonly kind: 'lost' | 'recovered' | 'refused' | 'failed' | 'withdrawn' | 'degraded' | 'whole' | 'login';
  readonly context: string;
  readonly problem: Problem | null;
}

interface Known {
  readonly phase: Connection['phase'];
  /** It was connected, or wanted from before: what ends it is not what the user just did. */
  readonly isEstablished: boolean;
  readonly lostAt: number | null;
  /** Whether the present loss was told. */
  readonly isLossTold: boolean;
  readonly lossToldAt: number | null;
  readonly isEndTold: boolean;
  /** When it was last told that ranges were withdrawn. */
  readonly withdrawnToldAt: number | null;
  /** Ranges that are withdrawn now. */
  readonly withdrawn: readonly string[];
  /** Codes of what does not get there now. */
  readonly broken: readonly string[];
  /** When each code was last told. */
  readonly brokenToldAt: ReadonlyMap<string, number>;
  /** Whether the user was told of what is broken now. */
  readonly isBrokenTold: boolean;
}

interface Memory {
  readonly connections: ReadonlyMap<string, Known>;
  /** When the last login of a context was told. */
  readonly loginToldAt: ReadonlyMap<string, number>;
}

/** What to remember from one snapshot to the next; null before the first. */
export type NoticeMemory = Memory | null;

export interface Noticed {
  readonly memory: NoticeMemory;
  readonly notices: readonly Notice[];
  /** When to look again although no snapshot came, milliseconds since the epoch; null: not needed. */
  readonly lookAgainAt: number | null;
}

/** Call with each snapshot, and with the last one at the time that was answered. */
export function notice(memory: NoticeMemory, snapshot: Snapshot, now: number): Noticed {
  const next = new Map<string, Known>();
  const notices: Notice[] = [];
  let lookAgainAt: number | null = null;
  for (const connection of snapshot.connections) {
    const key = keyText(connection.cluster);
    const before = memory?.connections.get(key) ?? firstSight(connection, memory === null);
    const seen = see(before, connection, now);
    next.set(key, seen.known);
    notices.push(...seen.notices);
    if (seen.known.lostAt !== null && !seen.known.isLossTold) {
      lookAgainAt = Math.min(lookAgainAt ?? Number.POSITIVE_INFINITY, seen.known.lostAt + lossPatience);
    }
  }
  const logins = seeLogins(memory?.loginToldAt ?? new Map(), snapshot.logins ?? [], now);
  notices.push(...logins.notices);
  // Never in the past: a loss that is not told for quiet's sake must not make a timer spin.
  return {
    memory: { connections: next, loginToldAt: logins.toldAt },
    notices,
    lookAgainAt: lookAgainAt === null || lookAgainAt <= now ? null : lookAgainAt,
  };
}

/**
 * Each login once, those that waited before the host came too: nobody else may have heard of them. One of a context that
 * begins soon after another is the same story, tried again.
 */
function seeLogins(before: ReadonlyMap<string, number>, logins: readonly Login[], now: number) {
  const toldAt = new Map(before);
  const notices: Notice[] = [];
  for (const login of logins) {
    const key = keyText(login);
    const told = toldAt.get(key);
    if (told === undefined || (login.since > told && now - told >= quietTime)) {
      toldAt.set(key, now);
      notices.push({ kind: 'login', context: login.context, problem: null });
    }
  }
  return { toldAt, notices };
}

/** `isStart`: the host has just attached; what is on then was switched on before. */
function firstSight(connection: Connection, isStart: boolean): Known {
  const isEnd = connection.phase === 'failed' || connection.phase === 'off';
  return {
    phase: isStart ? connection.phase : 'off',
    isEstablished: isStart && !isEnd,
    lostAt: null,
    isLossTold: false,
    lossToldAt: null,
    isEndTold: isStart && isEnd, // old news
    withdrawnToldAt: null,
    withdrawn: isStart ? withdrawnOf(connection) : [],
    broken: isStart ? brokenOf(connection).map(({ code }) => code) : [],
    brokenToldAt: new Map(),
    isBrokenTold: false,
  };
}

function see(before: Known, connection: Connection, now: number): { known: Known; notices: Notice[] } {
  const { context } = connection.cluster;
  const known: Known = { ...before, phase: connection.phase };
  switch (connection.phase) {
    case 'connected': {
      const isTold = before.isLossTold || (before.isEndTold && before.isEstablished);
      const withdrawn = withdrawnOf(connection);
      const isQuiet = before.withdrawnToldAt !== null && now - before.withdrawnToldAt < quietTime;
      const isNarrowed = !isQuiet && withdrawn.some((prefix) => !before.withdrawn.includes(prefix));
      const notices: Notice[] = isTold ? [{ kind: 'recovered', context, problem: null }] : [];
      if (isNarrowed) {
        const because = connection.degraded.find(({ code }) => code === 'route-withdrawn') ?? null;
        notices.push({ kind: 'withdrawn', context, problem: because });
      }
      const damage = seeBroken(before, connection, now);
      notices.push(...damage.notices);
      return {
        known: {
          ...known,
          ...damage.known,
          isEstablished: true,
          lostAt: null,
          isLossTold: false,
          isEndTold: false,
          withdrawn,
          withdrawnToldAt: isNarrowed ? now : before.withdrawnToldAt,
        },
        notices,
      };
    }
    case 'reconnecting': {
      const { lostAt } = connection;
      const isDue = !before.isLossTold && now - lostAt >= lossPatience;
      const isQuiet = before.lossToldAt !== null && now - before.lossToldAt < quietTime;
      if (!isDue || isQuiet) {
        return { known: { ...known, isEstablished: true, lostAt }, notices: [] };
      }
      return {
        known: { ...known, isEstablished: true, lostAt, isLossTold: true, lossToldAt: now },
        notices: [{ kind: 'lost', context, problem: connection.because }],
      };
    }
    case 'failed': {
      const isEstablished = before.isEstablished || connection.retry === 'automatic'; // only such ones are tried again
      const notices: Notice[] =
        isEstablished && !before.isEndTold
          ? [{ kind: isRefusal(connection.because) ? 'refused' : 'failed', context, problem: connection.because }]
          : [];
      return { known: { ...known, isEstablished, lostAt: null, isEndTold: true }, notices };
    }
    case 'preparing': {
      // Tried again by itself it stays the event that was told; switched on by the user it is a new story.
      const isAsked = before.phase === 'off' || (before.phase === 'failed' && connection.attempt === 1);
      return {
        known: isAsked ? { ...known, isEstablished: false, isLossTold: false, isEndTold: false } : known,
        notices: [],
      };
    }
    case 'disconnecting':
      return { known: { ...known, lostAt: null }, notices: [] };
    case 'off':
      return {
        known: {
          ...known,
          isEstablished: false,
          lostAt: null,
          isLossTold: false,
          isEndTold: false,
          withdrawn: [],
          broken: [],
          isBrokenTold: false,
        },
        notices: [],
      };
  }
}

type Broken = Pick<Known, 'broken' | 'brokenToldAt' | 'isBrokenTold'>;

/** Each code once for a while, several that come together as one; and the end where the beginning was told. */
function seeBroken(before: Known, connection: Connection, now: number): { known: Broken; notices: Notice[] } {
  const { context } = connection.cluster;
  const problems = brokenOf(connection);
  const broken = problems.map(({ code }) => code);
  const isQuiet = (code: string) => now - (before.brokenToldAt.get(code) ?? Number.NEGATIVE_INFINITY) < quietTime;
  const fresh = problems.filter(({ code }) => !before.broken.includes(code) && !isQuiet(code));
  const [first] = fresh;
  if (first !== undefined) {
    const brokenToldAt = new Map([...before.brokenToldAt, ...fresh.map(({ code }) => [code, now] as const)]);
    return {
      known: { broken, brokenToldAt, isBrokenTold: true },
      notices: [{ kind: 'degraded', context, problem: first }],
    };
  }
  const isWhole = broken.length === 0;
  const notices: Notice[] = isWhole && before.isBrokenTold ? [{ kind: 'whole', context, problem: null }] : [];
  return {
    known: { broken, brokenToldAt: before.brokenToldAt, isBrokenTold: !isWhole && before.isBrokenTold },
    notices,
  };
}

/** What does not work at all; what is merely missing is no news for who does not look. */
function brokenOf(connection: Connection): Problem[] {
  const degraded = connection.phase === 'connected' ? connection.degraded : [];
  return degraded.filter(({ severity }) => severity === 'error');
}

function withdrawnOf(connection: Connection): string[] {
  const degraded = connection.phase === 'connected' ? connection.degraded : [];
  return degraded.flatMap(({ code, facts }) => (code === 'route-withdrawn' ? [facts.prefix ?? ''] : []));
}

function isRefusal({ code }: Problem): boolean {
  return isProblemCode(code) && catalogue[code].area === 'rights';
}
