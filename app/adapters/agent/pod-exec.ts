/**
 * Runs a program in a container over a WebSocket, and over SPDY where a gateway lets none through: kubectl's fallback
 * (client-go's NewFallbackExecutor with IsUpgradeFailure), which also goes on where the upgrade is swallowed or cut. What passed
 * is known for as long as the connection to the cluster is.
 */
import { cause, problem } from '../../contract/index.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { ApiRefusal } from '../cluster/exchange.ts';
import { answerWords, isStatus, messageOf } from '../cluster/refusals.ts';
import { ProblemError } from '../problem-error.ts';
import type { Exec, ExecHooks, ExecTarget } from './exec.ts';
import { execOverSpdy } from './spdy-exec.ts';
import { execOverWebSocket } from './web-socket-exec.ts';

const spdyOnly = new WeakSet<ApiConnection>();

/** From now on no WebSocket: one was opened, and nothing came through. */
export function leaveWebSockets(connection: ApiConnection): void {
  spdyOnly.add(connection);
}

/** Whether one is tried first. */
export function passesWebSockets(connection: ApiConnection): boolean {
  return !spdyOnly.has(connection);
}

/** `spdyProgram` is the engine's; empty: no SPDY. Throws an ApiRefusal, a ProblemError, or what the connection failed with. */
export async function execInPod(
  connection: ApiConnection,
  spdyProgram: string,
  target: ExecTarget,
  command: readonly string[],
  hooks: ExecHooks,
): Promise<Exec> {
  let first: unknown = null;
  if (!spdyOnly.has(connection)) {
    try {
      return await execOverWebSocket(connection, target, command, hooks);
    } catch (error) {
      if (!isWorthSpdy(error) || spdyProgram === '') {
        throw error;
      }
      first = error;
    }
  }
  try {
    const running = await execOverSpdy(spdyProgram, connection, target, command, hooks);
    spdyOnly.add(connection);
    return running;
  } catch (error) {
    spdyOnly.delete(connection);
    if (error instanceof ProblemError && error.problem.code === 'gateway-blocks') {
      const webSocket =
        first === null ? 'not tried' : first instanceof ApiRefusal ? answerWords(first) : messageOf(first);
      const { facts } = error.problem;
      throw new ProblemError(
        problem('gateway-blocks', cause('gatewayBlocks', { webSocket, spdy: facts.answer ?? '' }), facts),
      );
    }
    throw error;
  }
}

/**
 * 401 and the API server's own 404 are the same over SPDY; a 403 may come of a Role that allows "create" (POST) and not "get".
 * Errors of ws about the upgrade have no code; those of sockets and TLS do.
 */
function isWorthSpdy(error: unknown): boolean {
  if (error instanceof ApiRefusal) {
    return error.statusCode !== 401 && (error.statusCode !== 404 || !isStatus(error));
  }
  const { code } = error as { code?: unknown };
  return !(error instanceof ProblemError) && (code === undefined || code === 'ECONNRESET');
}
