/**
 * Sends the agent's binary into the waiting pod through pods/exec, compressed where the pod can unpack, checks it
 * there and moves it into place in one step. The shell script uses what nearly every base image has, and says by
 * name what is missing.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { cause, failure, problem, type Result, success } from '../../contract/index.ts';
import { agentPort } from '../../core/engine-messages.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import type { Exec, ExecStatus } from './exec.ts';
import { agentFile, containerName } from './manifest.ts';
import { execInPod, leaveWebSockets } from './pod-exec.ts';

export interface AgentBinary {
  readonly plain: Buffer;
  readonly packed: Buffer;
  readonly sha256: string;
}

/** Nothing moved for this long: the way to the pod is gone. Milliseconds. */
const stallDeadline = 10_000;

/** In all, however slowly something moves: 6.5 MB at 25 kB a second. Milliseconds. */
const wholeDeadline = 4 * 60_000;

/** Reads and packs; level 6 takes about half a second for 15 MB, beside the pod's own start. */
export async function readAgentBinary(file: string): Promise<AgentBinary> {
  const plain = await readFile(file);
  return {
    plain,
    packed: await promisify(gzip)(plain, { level: 6 }),
    sha256: createHash('sha256').update(plain).digest('hex'),
  };
}

/**
 * `$1` size, `$2` packed size, `$3` checksum. It says which form it wants; stdin is never closed (before Kubernetes
 * 1.30 closing it would end the whole exec), so it reads counted bytes. No here-documents: some shells need a
 * writable /tmp for them. At the end it waits up to three seconds until the agent listens (proc(5): 0A is LISTEN), so
 * that the first dial finds it; one that does not is told by whoever dials.
 */
const portInHex = agentPort.toString(16).toUpperCase().padStart(4, '0');
const script = `
new=${agentFile}.new
fail() { echo "$1" >&2; exit "$2"; }
[ -x ${agentFile} ] && { echo there; exit 0; }
command -v chmod >/dev/null 2>&1 && command -v mv >/dev/null 2>&1 && command -v head >/dev/null 2>&1 || fail "the image lacks chmod, mv or head" 41
if command -v gzip >/dev/null 2>&1; then echo packed; head -c "$2" | gzip -dc >"$new" || fail "unpacking failed" 42
else echo plain; head -c "$1" >"$new" || fail "writing failed" 42; fi
if command -v sha256sum >/dev/null 2>&1; then sum=$(sha256sum "$new"); [ "\${sum%% *}" = "$3" ] || fail "the checksum differs" 43
else [ "$(wc -c <"$new")" -eq "$1" ] || fail "the size differs" 43; fi
chmod 0555 "$new" && mv "$new" ${agentFile} || fail "moving into place failed" 44
echo sent
n=0
while [ $n -lt 150 ]; do
  while read -r _ here _ state _; do [ "\${here#*:}" = ${portInHex} ] && [ "$state" = 0A ] && exit 0; done </proc/net/tcp
  n=$((n+1)); sleep 0.02 || sleep 1
done
exit 0
`;

export interface SendTimes {
  readonly opened: number; // milliseconds from the start until the shell answered
  readonly sent: number; // until the binary was in place
}

/** `spdyProgram` is the engine's, for where no WebSocket passes. */
export async function sendBinary(
  connection: ApiConnection,
  spdyProgram: string,
  namespace: string,
  pod: string,
  image: string,
  binary: AgentBinary,
  signal: AbortSignal,
): Promise<Result<SendTimes>> {
  const started = performance.now();
  const errors: string[] = [];
  let opened = 0;
  let answered = '';
  let exec: Exec | null = null;
  let settle: (end: { kind: 'status'; value: ExecStatus } | { kind: 'broken'; because: string }) => void = () => {};
  const end = new Promise<Parameters<typeof settle>[0]>((resolve) => {
    settle = resolve;
  });
  const stalled = (because: string) => settle({ kind: 'broken', because });
  /** The shell's first line says which form it takes. It may come before execInPod has answered. */
  const give = () => {
    if (exec !== null && answered.includes('\n') && opened === 0) {
      opened = performance.now() - started;
      if (answered.startsWith('packed')) {
        exec.write(binary.packed);
      } else if (answered.startsWith('plain')) {
        exec.write(binary.plain);
      }
    }
  };
  const command = ['sh', '-c', script, 'sh', String(binary.plain.length), String(binary.packed.length), binary.sha256];
  const asked = { verb: 'create', group: '', resource: 'pods/exec', namespace, purpose: 'agent' } as const;
  const attempt = await connection.ask(asked, () =>
    execInPod(connection, spdyProgram, { namespace, pod, container: containerName }, command, {
      output: (chunk) => {
        answered += chunk.toString('latin1');
        give();
      },
      errors: (chunk) => errors.push(chunk.toString('utf8').slice(0, 1000)),
      ended: (value) => settle({ kind: 'status', value }),
      closed: stalled,
    }),
  );
  if (!attempt.ok) {
    return attempt;
  }
  const running = attempt.value;
  exec = running;
  give();
  const onAbort = () => stalled('stopped');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) {
    onAbort();
  }
  let before = -1;
  const watchdog = setInterval(() => {
    const waiting = running.waiting();
    if (waiting === before || (before === 0 && waiting === 0)) {
      stalled(`the pod takes nothing any more (it said "${plainText(answered)}", ${waiting} bytes wait)`);
    }
    before = waiting;
  }, stallDeadline);
  const whole = setTimeout(() => stalled('it took too long'), wholeDeadline);
  const ended = await end;
  clearInterval(watchdog);
  clearTimeout(whole);
  signal.removeEventListener('abort', onAbort);
  running.end();
  if (ended.kind === 'broken') {
    if (answered === '') {
      leaveWebSockets(connection); // opened, and swallowed: a second try goes another way
    }
    return failure(problem('agent-unreachable', cause('agentSending', { reason: ended.because })));
  }
  if (ended.value.succeeded) {
    return success({ opened, sent: performance.now() - started });
  }
  if (answered.includes('sent\n')) {
    // The script fails no more from there on: it was ended with the container, by the agent's own end.
    return failure(problem('agent-crashed', cause('agentEnded'), { started: 'true' }));
  }
  const said = plainText(`${errors.join('')} ${ended.value.message}`);
  return failure(
    /executable file not found|no such file or directory|the image lacks/i.test(said)
      ? problem('agent-no-shell', said, { image })
      : problem('agent-crashed', cause('agentSending', { reason: said })),
  );
}
