/**
 * Sends the agent's binary into the waiting pod through pods/exec, compressed where the pod can unpack, checks it
 * there and moves it into place in one step. The shell script uses what nearly every base image has, and says by
 * name what is missing.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, gzip } from 'node:zlib';
import { cause, failure, type Problem, problem, type Result, success } from '../../contract/index.ts';
import { agentPort } from '../../core/engine-messages.ts';
import type { ApiConnection } from '../cluster/api-connection.ts';
import { type Node, pathOf } from '../cluster/api-objects.ts';
import { plainText } from '../credentials/exec-plugin.ts';
import type { Exec, ExecStatus } from './exec.ts';
import { agentFile, containerName } from './manifest.ts';
import { execInPod, leaveWebSockets } from './pod-exec.ts';
import type { Processor } from './processors.ts';

export interface AgentBinary {
  readonly plain: Buffer;
  readonly packed: Buffer;
  readonly sha256: string;
}

/** Nothing moved for this long: the way to the pod is gone. Milliseconds. */
const stallDeadline = 10_000;

/** In all, however slowly something moves: 6.5 MB at 25 kB a second. Milliseconds. */
const wholeDeadline = 4 * 60_000;

/**
 * Reads it, and what the build packed (scripts/tools.mjs). Where that is missing or another build's it is packed here: level 6 takes
 * some 200 ms of a processor for 7 MB.
 */
export async function readAgentBinary(file: string): Promise<AgentBinary> {
  const [plain, made] = await Promise.all([readFile(file), readFile(`${file}.gz`).catch(() => null)]);
  return {
    plain,
    packed: made !== null && isPackOf(made, plain) ? made : await promisify(gzip)(plain, { level: 6 }),
    sha256: createHash('sha256').update(plain).digest('hex'),
  };
}

/** By the end of a gzip file, its checksum and its size (RFC 1952, 2.3.1). What arrives is checked in the pod as well. */
function isPackOf(made: Buffer, plain: Buffer): boolean {
  const end = made.length - 8;
  return end > 10 && made.readUInt32LE(end) === crc32(plain) && made.readUInt32LE(end + 4) === plain.length;
}

/**
 * It says which form it wants and on what processor it runs, and is told checksum, size and bytes to read in a line before
 * the bytes. Stdin is never closed (before Kubernetes 1.30 closing it would end the whole exec), so it reads counted bytes.
 * No here-documents: some shells need a writable /tmp for them. At the end it waits up to three seconds until the agent
 * listens (proc(5): 0A is LISTEN), so that the first dial finds it; one that does not is told by whoever dials.
 */
const portInHex = agentPort.toString(16).toUpperCase().padStart(4, '0');
const script = `
new=${agentFile}.new
fail() { echo "$1" >&2; exit "$2"; }
[ -x ${agentFile} ] && { echo there; exit 0; }
command -v chmod >/dev/null 2>&1 && command -v mv >/dev/null 2>&1 && command -v head >/dev/null 2>&1 || fail "the image lacks chmod, mv or head" 41
machine=$(uname -m 2>/dev/null)
if command -v gzip >/dev/null 2>&1; then form=packed; else form=plain; fi
echo "$form \${machine:-unknown}"
read -r sum size count || fail "nothing came" 42
if [ $form = packed ]; then head -c "$count" | gzip -dc >"$new" || fail "unpacking failed" 42
else head -c "$count" >"$new" || fail "writing failed" 42; fi
if command -v sha256sum >/dev/null 2>&1; then found=$(sha256sum "$new"); [ "\${found%% *}" = "$sum" ] || fail "the checksum differs" 43
else [ "$(wc -c <"$new")" -eq "$size" ] || fail "the size differs" 43; fi
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

export interface SendTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly image: string;
  readonly node: string;
}

/** What `uname -m` says of processors that we have an agent for; a 32-bit shell on arm64 says armv8l. */
const machines: ReadonlyMap<string, Processor> = new Map([
  ['x86_64', 'amd64'],
  ['amd64', 'amd64'],
  ['aarch64', 'arm64'],
  ['arm64', 'arm64'],
  ['armv8l', 'arm64'],
]);

/** `spdyProgram` is the engine's, for where no WebSocket passes; empty: none. `hears` is told that the shell in the pod is there. */
export async function sendBinary(
  connection: ApiConnection,
  spdyProgram: string,
  target: SendTarget,
  binaryFor: (processor: Processor) => Promise<Result<AgentBinary>>,
  signal: AbortSignal,
  hears: () => void = () => {},
): Promise<Result<SendTimes>> {
  const { namespace, pod, image, node } = target;
  const started = performance.now();
  const errors: string[] = [];
  let opened = 0;
  let answered = '';
  let exec: Exec | null = null;
  let settle: (
    end:
      | { kind: 'status'; value: ExecStatus }
      | { kind: 'broken'; because: string }
      | { kind: 'problem'; problem: Problem },
  ) => void = () => {};
  const end = new Promise<Parameters<typeof settle>[0]>((resolve) => {
    settle = resolve;
  });
  const stalled = (because: string) => settle({ kind: 'broken', because });
  /** The shell's first line says which form it takes. It may come before execInPod has answered. */
  const give = async () => {
    const [line] = answered.split('\n', 1);
    const [, form, machine = ''] = /^(packed|plain) (\S+)/.exec(line ?? '') ?? [];
    if (exec === null || !answered.includes('\n') || form === undefined || opened !== 0) {
      return;
    }
    opened = performance.now() - started;
    const processor = machine === 'unknown' ? await processorOf(connection, node) : machines.get(machine);
    if (processor === undefined) {
      const named = cause('processorOfNode', { node: plainText(node) || '?', processor: plainText(machine) });
      settle({ kind: 'problem', problem: problem('agent-processor', named, { processor: machine }) });
      return;
    }
    const binary = await binaryFor(processor);
    if (!binary.ok) {
      settle({ kind: 'problem', problem: binary.problem });
      return;
    }
    const { plain, packed, sha256 } = binary.value;
    const bytes = form === 'packed' ? packed : plain;
    exec.write(Buffer.from(`${sha256} ${plain.length} ${bytes.length}\n`));
    exec.write(bytes);
  };
  const command = ['sh', '-c', script, 'sh'];
  const asked = { verb: 'create', group: '', resource: 'pods/exec', namespace, purpose: 'agent' } as const;
  const attempt = await connection.ask(asked, () =>
    execInPod(connection, spdyProgram, { namespace, pod, container: containerName }, command, {
      output: (chunk) => {
        answered += chunk.toString('latin1');
        hears();
        void give();
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
  void give();
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
  if (ended.kind === 'problem') {
    return failure(ended.problem);
  }
  if (ended.kind === 'broken') {
    if (answered === '' && spdyProgram !== '' && !signal.aborted) {
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

/** An image without uname: what its node's label says, where that may be read; else what most nodes are. */
async function processorOf(connection: ApiConnection, node: string): Promise<Processor> {
  const found = await connection.attempt(() => connection.get<Node>(pathOf('nodes', '', node)));
  const label = found.ok ? found.value.metadata?.labels?.['kubernetes.io/arch'] : undefined;
  return label === 'arm64' ? 'arm64' : 'amd64';
}
