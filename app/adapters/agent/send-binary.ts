/**
 * Sends the agent's binary into the waiting pod through pods/exec, compressed where the pod can unpack, checks it
 * there and moves it into place in one step. The shell script uses what nearly every base image has, and says by
 * name what is missing.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PassThrough, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Exec, type V1Status } from '@kubernetes/client-node';
import { failure, problem, type Result, success } from '../../contract/index.ts';
import { agentPort } from '../../core/engine-messages.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { statusCodeOf } from '../cluster/problems.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import { agentFile, containerName } from './manifest.ts';

export interface AgentBinary {
  readonly plain: Buffer;
  readonly packed: Buffer;
  readonly sha256: string;
}

/** Nothing moved for this long: the way to the pod is gone. Milliseconds. */
const stallDeadline = 10_000;

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

export async function sendBinary(
  connection: ApiConnection,
  namespace: string,
  pod: string,
  image: string,
  binary: AgentBinary,
  signal: AbortSignal,
): Promise<Result<SendTimes>> {
  const started = performance.now();
  const input = new PassThrough({ highWaterMark: 1 << 20 });
  const errors: string[] = [];
  let opened = 0;
  let answered = '';
  let stalled: (because: string) => void = () => {};
  const stall = new Promise<{ kind: 'broken'; because: string }>((resolve) => {
    stalled = (because) => resolve({ kind: 'broken', because });
  });
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const before = answered;
      answered += chunk.toString('latin1');
      if (!before.includes('\n') && answered.includes('\n')) {
        opened = performance.now() - started;
        if (answered.startsWith('packed')) {
          input.write(binary.packed);
        } else if (answered.startsWith('plain')) {
          input.write(binary.plain);
        }
      }
      done();
    },
  });
  const errorOutput = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      errors.push(chunk.toString('utf8').slice(0, 1000));
      done();
    },
  });
  const command = ['sh', '-c', script, 'sh', String(binary.plain.length), String(binary.packed.length), binary.sha256];
  const asked = { verb: 'create', group: '', resource: 'pods/exec', namespace, purpose: 'agent' } as const;
  let settleStatus: (status: V1Status) => void = () => {};
  const status = new Promise<V1Status>((resolve) => {
    settleStatus = resolve;
  });
  const exec = new Exec(connection.config);
  const attempt = await connection.attempt(() =>
    exec.exec(namespace, pod, containerName, command, output, errorOutput, input, false, settleStatus),
  );
  if (!attempt.ok) {
    const refused = statusCodeOf(attempt.error);
    if (refused === 403) {
      // The upgrade's refusal comes without its body.
      const cause = `pods/exec is refused in the namespace ${namespace}, and the agent is sent through it`;
      return failure({ ...(await connection.explain(attempt.error, asked)), cause });
    }
    return failure(await connection.explain(attempt.error, asked));
  }
  const socket = attempt.value;
  const onAbort = () => stalled('stopped');
  signal.addEventListener('abort', onAbort, { once: true });
  socket.onclose = () => setTimeout(() => stalled('the connection to the pod ended'), 200);
  let before = -1;
  const watchdog = setInterval(() => {
    if (socket.bufferedAmount === before || (before === 0 && socket.bufferedAmount === 0)) {
      stalled(`the pod takes nothing any more (it said "${plainText(answered)}", ${socket.bufferedAmount} bytes wait)`);
    }
    before = socket.bufferedAmount;
  }, stallDeadline);
  const ended = await Promise.race([status.then((value) => ({ kind: 'status' as const, value })), stall]);
  clearInterval(watchdog);
  signal.removeEventListener('abort', onAbort);
  socket.onclose = null;
  socket.terminate();
  if (ended.kind === 'broken') {
    return failure(problem('agent-unreachable', `sending the agent into the pod failed: ${ended.because}`));
  }
  if (ended.value.status === 'Success') {
    return success({ opened, sent: performance.now() - started });
  }
  if (answered.includes('sent\n')) {
    // The script fails no more from there on: it was ended with the container, by the agent's own end.
    return failure(problem('agent-crashed', 'it ended as soon as it was started', { started: 'true' }));
  }
  const said = plainText(`${errors.join('')} ${ended.value.message ?? ''}`);
  return failure(
    /executable file not found|no such file or directory|the image lacks/i.test(said)
      ? problem('agent-no-shell', said, { image })
      : problem('agent-crashed', `sending the agent into the pod failed: ${said}`),
  );
}
