/** What a dot shows of a connection. */
import type { Connection } from '../../app/contract/index.ts';
import type { StateName } from '../kit/StateDot.tsx';

/** The state that a dot shows; null is as good as off. Of what was on nothing is known while the core does not answer. */
export function stateOf(connection: Connection | null, isLive = true): StateName {
  if (connection === null) {
    return 'off';
  }
  if (!isLive && connection.phase !== 'off' && connection.phase !== 'failed') {
    return 'unknown';
  }
  return connection.phase === 'connected' && isDegraded(connection) ? 'degraded' : connection.phase;
}

/** How far preparing is, 0 to 1: seven steps. */
export function shareOf(connection: Connection | null): number {
  return connection?.phase === 'preparing' ? connection.done.length / 7 : 0;
}

/** Something does not work, or is missing: what is only worth knowing does not count. */
export function isDegraded({ degraded }: Pick<Extract<Connection, { phase: 'connected' }>, 'degraded'>): boolean {
  return degraded.some(({ severity }) => severity !== 'info');
}
