/**
 * Runs an exec credential plugin (client.authentication.k8s.io, KEP-541). It decides nothing about trust: the caller
 * has checked that the user confirmed this command line; only what kuberc refuses is refused here. What the plugin prints never reaches a log.
 */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { type Cause, cause, failure, problem, type Result, success } from '../../contract/index.ts';
import type { ExecEntry } from '../kubeconfig/schema.ts';
import type { Environment } from '../storage/folders.ts';
import { readPluginPolicy } from './plugin-policy.ts';

/** A login in a browser takes a while; a plugin that waits for a terminal never ends. Milliseconds. */
const defaultExecDeadline = 60_000;

/** One that said something has a person do something: codes of logins are good for about that long. Milliseconds. */
const talkingExecDeadline = 15 * 60_000;

/** Milliseconds. */
interface Limits {
  readonly silent: number;
  readonly talking: number;
}

/** How long a plugin may take: SLIPWAY_EXEC_SECONDS for logins that take longer (or tests less). */
export function limitsOf(environment: Environment, deadline?: number): Limits {
  const asked = Number(environment.SLIPWAY_EXEC_SECONDS ?? '');
  const given = deadline ?? (Number.isInteger(asked) && asked > 0 ? asked * 1000 : null);
  return given === null
    ? { silent: defaultExecDeadline, talking: talkingExecDeadline }
    : { silent: given, talking: given };
}

/** Bytes of standard output that are read; a credential with a chain of certificates has about 10 KiB. */
const largestOutput = 1 << 20;

/** Bytes of standard error that are kept: the last ones, where the reason stands. */
const keptError = 4096;

/** Bytes of standard error that are read: a debug log is far less, and one that never ends must not keep the core busy. */
const largestError = 8 << 20;

export interface ExecCall {
  readonly entry: ExecEntry;
  readonly program: string | null; // absolute; null where it is not installed
  readonly folder: string; // the kubeconfig's
  readonly environment: Environment;
  /** The caller's, as kubectl runs plugins in its own; empty or gone: the core's. */
  readonly workingFolder?: string;
  /** ExecCredential.spec.cluster, given to plugins that ask for it. */
  readonly cluster: Readonly<Record<string, unknown>> | null;
}

export interface ExecCredential {
  readonly token: string;
  readonly certificate: string; // PEM
  readonly key: string; // PEM
  readonly expiresAt: number | null; // milliseconds since the epoch
}

const statusSchema = z.object({
  kind: z.literal('ExecCredential'),
  apiVersion: z.string(),
  status: z.object({
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
  }),
});

export async function runExecPlugin(
  call: ExecCall,
  signal: AbortSignal,
  deadline?: number,
  says: (words: string) => void = () => {},
): Promise<Result<ExecCredential>> {
  const { entry, program } = call;
  const facts = { command: program ?? entry.command };
  if (program === null) {
    const hint = entry.installHint === '' ? '' : ` ${plainText(entry.installHint)}`;
    return failure(problem('exec-missing', cause('noProgram', { program: entry.command, hint }), facts));
  }
  if (entry.interactiveMode === 'Always') {
    return failure(problem('exec-failed', cause('terminal'), facts));
  }
  const allows = await readPluginPolicy(call.environment);
  const refused = await allows(entry.command, program);
  if (refused !== null) {
    return failure(refused);
  }
  const limits = limitsOf(call.environment, deadline);
  const startedAt = Date.now();
  const ended = await run(call, program, signal, limits, says);
  const { error } = ended;
  const said = error === '' ? '' : `; it said: ${error}`;
  switch (ended.kind) {
    case 'not-started':
      return failure(problem('exec-failed', cause('notStarted', { reason: ended.because }), facts));
    case 'aborted':
      return failure(problem('exec-failed', 'it was stopped because it was no longer needed', facts));
    case 'slow':
      return failure(problem('exec-slow', stoppedAfter(Math.round((Date.now() - startedAt) / 1000), error), facts));
    case 'too-much':
      return failure(problem('exec-output', `it printed more than ${ended.most} bytes${said}`, facts));
    case 'exited':
      break;
  }
  if (ended.status !== 0) {
    return failure(problem('exec-failed', endedWith(String(ended.status ?? ended.signal), error), facts));
  }
  const credential = parseCredential(ended.output, entry.apiVersion);
  return typeof credential === 'string'
    ? failure(problem('exec-output', `${credential}${said}`, facts))
    : success(credential);
}

const stoppedAfter = (seconds: number, said: string): Cause =>
  said === '' ? cause('stoppedAfter', { seconds }) : cause('stoppedAfterSaid', { seconds, said });

const endedWith = (status: string, said: string): Cause =>
  said === '' ? cause('endedWith', { status }) : cause('endedWithSaid', { status, said });

/** The credential, or what is wrong with it (which never quotes the output: it may be a token). */
export function parseCredential(output: string, apiVersion: string): ExecCredential | string {
  let document: unknown;
  try {
    document = JSON.parse(output);
  } catch {
    return output.trim() === '' ? 'it printed nothing' : 'what it printed is not JSON';
  }
  const parsed = statusSchema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `what it printed is no ExecCredential (${issue?.path.join('.') || 'document'})`;
  }
  if (parsed.data.apiVersion !== apiVersion) {
    return `it answered in another version than the kubeconfig asks for (${apiVersion})`;
  }
  const status = parsed.data.status;
  const certificate = status.clientCertificateData ?? '';
  const key = status.clientKeyData ?? '';
  const token = status.token ?? '';
  if (token === '' && certificate === '' && key === '') {
    return 'its credential holds neither a token nor a certificate';
  }
  if ((certificate === '') !== (key === '')) {
    return 'its credential holds a certificate without a key, or a key without a certificate';
  }
  if (/[^\x21-\x7e]/.test(token)) {
    return 'its token holds characters that no token may hold';
  }
  const expiry = status.expirationTimestamp ?? null;
  let expiresAt = expiry === null ? null : Date.parse(expiry);
  if (certificate !== '') {
    try {
      // As client-go: the certificate's own end counts where it comes first.
      const validTo = Date.parse(new X509Certificate(certificate).validTo);
      expiresAt = expiresAt === null ? validTo : Math.min(expiresAt, validTo);
    } catch {
      return 'its certificate cannot be read';
    }
  }
  return { token, certificate, key, expiresAt };
}

type Ended =
  | { readonly kind: 'not-started'; readonly because: string; readonly error: string }
  | { readonly kind: 'slow' | 'aborted'; readonly error: string }
  | { readonly kind: 'too-much'; readonly most: number; readonly error: string }
  | {
      readonly kind: 'exited';
      readonly status: number | null;
      readonly signal: string | null;
      readonly output: string;
      readonly error: string;
    };

function run(
  call: ExecCall,
  program: string,
  signal: AbortSignal,
  limits: Limits,
  says: (words: string) => void,
): Promise<Ended> {
  if (signal.aborted) {
    return Promise.resolve({ kind: 'aborted', error: '' });
  }
  const { entry } = call;
  const info = {
    kind: 'ExecCredential',
    apiVersion: entry.apiVersion,
    spec: {
      interactive: false,
      ...(entry.provideClusterInfo && call.cluster !== null ? { cluster: call.cluster } : {}),
    },
  };
  const environment: Record<string, string | undefined> = { ...call.environment };
  for (const variable of entry.env) {
    environment[variable.name] = variable.value;
  }
  environment.KUBERNETES_EXEC_INFO = JSON.stringify(info);
  return new Promise((resolve) => {
    let child: ReturnType<typeof spawn>;
    try {
      // A group of its own, so that what it started ends with it. No shell: arguments are what they are.
      child = spawn(program, entry.args, {
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        ...whereOf(call),
      });
    } catch (error) {
      resolve({ kind: 'not-started', because: messageOf(error), error: '' });
      return;
    }
    const output: Buffer[] = [];
    let outputBytes = 0;
    let errorTail = Buffer.alloc(0);
    let errorBytes = 0;
    let settled = false;
    const settle = (ended: Ended) => {
      if (!settled) {
        settled = true;
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(ended);
      }
    };
    type Why = { readonly kind: 'slow' | 'aborted' } | { readonly kind: 'too-much'; readonly most: number };
    const stop = (why: Why) => {
      try {
        process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
      // A grandchild that left the group may keep the pipes open: the answer does not wait for it.
      settle({ ...why, error: plainText(errorTail.toString('utf8')) });
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const onAbort = () => stop({ kind: 'aborted' });
    const startedAt = Date.now();
    let timer = setTimeout(() => stop({ kind: 'slow' }), limits.silent);
    let hasTalked = false;
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => {
      outputBytes += chunk.length;
      if (outputBytes > largestOutput) {
        stop({ kind: 'too-much', most: largestOutput });
      } else {
        output.push(chunk);
      }
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errorTail = Buffer.concat([errorTail, chunk]).subarray(-keptError);
      errorBytes += chunk.length;
      if (errorBytes > largestError) {
        stop({ kind: 'too-much', most: largestError });
      }
      const words = plainText(errorTail.toString('utf8'));
      if (settled || words === '') {
        return;
      }
      if (!hasTalked) {
        hasTalked = true;
        clearTimeout(timer);
        timer = setTimeout(() => stop({ kind: 'slow' }), Math.max(0, startedAt + limits.talking - Date.now()));
      }
      says(words);
    });
    child.once('error', (error) => settle({ kind: 'not-started', because: error.message, error: '' }));
    child.once('close', (status, endSignal) =>
      settle({
        kind: 'exited',
        status,
        signal: endSignal,
        output: Buffer.concat(output).toString('utf8'),
        error: plainText(errorTail.toString('utf8')),
      }),
    );
  });
}

function whereOf({ workingFolder = '' }: ExecCall): { cwd?: string } {
  return workingFolder !== '' && existsSync(workingFolder) ? { cwd: workingFolder } : {};
}

/** Text of a foreign program for a person: no control characters (terminal escapes), one line, bounded. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(-2000);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
