/** Asks resolvers: the system's way by getaddrinfo, one server by a question of its own. */
import { ADDRCONFIG } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';
import { cause, failure, problem, type Result, success } from '../../contract/index.ts';
import type { ResolverProbe } from '../../core/ports.ts';

/** Milliseconds. getaddrinfo asks three times five seconds where nobody answers: nobody waits for that here. */
const systemDeadline = 6000;
const serverDeadline = 2000;

/** Codes that say "no such name", or "no such address of it": an answer, not a trouble. */
const nothing = new Set(['ENOTFOUND', 'ENODATA', 'ENONAME']);

export function openResolverProbe(): ResolverProbe {
  return { ask: (resolver, name) => (resolver === '' ? askSystem(name) : askServer(resolver, name)) };
}

async function askSystem(name: string): Promise<Result<readonly string[]>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), systemDeadline);
  });
  try {
    const found = await Promise.race([lookup(name, { all: true, hints: ADDRCONFIG }), late]);
    return found === 'late' ? silent('', systemDeadline) : success([...new Set(found.map(({ address }) => address))]);
  } catch (error) {
    return codeOf(error) === 'EAI_AGAIN' ? silent('', systemDeadline) : answerOf('', error);
  } finally {
    clearTimeout(timer);
  }
}

async function askServer(server: string, name: string): Promise<Result<readonly string[]>> {
  const resolver = new Resolver({ timeout: serverDeadline, tries: 1 });
  try {
    resolver.setServers([server.includes(':') && !/^\d+(\.\d+){3}:\d+$|^\[/.test(server) ? `[${server}]` : server]);
  } catch {
    return failure(problem('resolver-silent', cause('resolverAddress', { server }), { resolver: server }));
  }
  try {
    return success(await resolver.resolve4(name));
  } catch (error) {
    const code = codeOf(error);
    return code === 'ETIMEOUT' ? silent(server, serverDeadline) : answerOf(server, error);
  } finally {
    resolver.cancel();
  }
}

function answerOf(resolver: string, error: unknown): Result<readonly string[]> {
  if (nothing.has(codeOf(error))) {
    return success([]);
  }
  const cause = error instanceof Error ? error.message : String(error);
  return failure(problem('resolver-silent', cause, { resolver: resolver || 'of the system' }));
}

function silent(resolver: string, deadline: number): Result<readonly string[]> {
  const because = cause('noAnswerWithin', { time: `${deadline / 1000} s` });
  return failure(problem('resolver-silent', because, { resolver: resolver || 'of the system' }));
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
