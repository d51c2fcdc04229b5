/** Finds and reads kubeconfig files. It reads regular files of a sane size only, and executes nothing. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { type Problem, problem } from '../../contract/index.ts';
import type { Environment } from '../storage/folders.ts';
import { complaint, type KubeconfigDocument, kubeconfigSchema } from './schema.ts';

/** Kubeconfigs of people with hundreds of clusters stay below 2 MB. */
const largestFile = 8 << 20;

export interface KubeconfigFile {
  readonly path: string;
  readonly document: KubeconfigDocument;
}

export type ReadOutcome =
  | { readonly kind: 'absent' }
  | { readonly kind: 'read'; readonly file: KubeconfigFile }
  | { readonly kind: 'broken'; readonly problem: Problem };

/** The files that kubectl would merge: KUBECONFIG as a list, else ~/.kube/config. Absolute, each once. */
export function defaultFiles(environment: Environment): string[] {
  const listed = (environment.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  const files = listed.length > 0 ? listed : [join(environment.HOME || homedir(), '.kube', 'config')];
  return [...new Set(files.map((file) => expand(file, environment)))];
}

/** A path that the user added; a leading ~ is home. */
export function expand(file: string, environment: Environment): string {
  const home = environment.HOME || homedir();
  if (file === '~' || file.startsWith('~/')) {
    return join(home, file.slice(2));
  }
  return isAbsolute(file) ? file : resolve(file);
}

/** Reads and checks a file. */
export async function readKubeconfig(path: string): Promise<ReadOutcome> {
  let text: string;
  try {
    text = await readBounded(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return { kind: 'absent' };
    }
    return broken(path, error instanceof Error ? error.message : String(error));
  }
  return parseKubeconfig(path, text);
}

/** Checks a text; `path` is where it is or would be kept. */
export function parseKubeconfig(path: string, text: string): ReadOutcome {
  if (text.trim() === '') {
    return { kind: 'absent' }; // kubectl takes an empty file for an empty configuration
  }
  const lines = new LineCounter();
  let value: unknown;
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
    const error = document.errors[0];
    if (error !== undefined) {
      return broken(path, error.message, lines.linePos(error.pos[0]).line);
    }
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return broken(path, error instanceof Error ? error.message : String(error)); // too many aliases: a YAML bomb
  }
  const parsed = kubeconfigSchema.safeParse(value);
  if (!parsed.success) {
    return broken(path, `it is not a kubeconfig: ${complaint(parsed.error)}`);
  }
  return { kind: 'read', file: { path, document: parsed.data } };
}

/** Reads at most `largestFile` bytes of a regular file. Opening does not wait for the other end of a pipe. */
export async function readBounded(path: string, limit = largestFile): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) {
      throw new Error('it is not a regular file');
    }
    if (stat.size > limit) {
      throw new Error(`it is larger than ${limit >> 20} MiB`);
    }
    // Not all that is there: a file may grow meanwhile, and those of some file systems tell no size.
    const bytes = Buffer.alloc(limit + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = (await handle.read(bytes, length, bytes.length - length)).bytesRead;
    }
    if (length === bytes.length) {
      throw new Error(`it is larger than ${limit >> 20} MiB`);
    }
    return bytes.toString('utf8', 0, length);
  } finally {
    await handle.close();
  }
}

function broken(path: string, because: string, line?: number): ReadOutcome {
  const where = line === undefined ? path : `${path}, line ${line}`;
  const facts: Record<string, string> = { file: path };
  if (line !== undefined) {
    facts.line = String(line);
  }
  return { kind: 'broken', problem: problem('kubeconfig-unreadable', `${where}: ${because}`, facts) };
}
