/** Finds and reads kubeconfig files. It reads regular files of a sane size only, and executes nothing. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { type Problem, problem } from '../../contract/index.ts';
import type { Environment } from '../storage/folders.ts';
import { type OddEntry, oddEntriesOf } from './odd-entries.ts';
import { complaint, type KubeconfigDocument, kubeconfigSchema } from './schema.ts';
import { jsonOf, lineAt, readYaml, YamlError, type YamlFile } from './yaml.ts';

/** Kubeconfigs of people with hundreds of clusters stay below 2 MB. */
const largestFile = 8 << 20;

export interface KubeconfigFile {
  readonly path: string;
  readonly document: KubeconfigDocument;
  readonly odd: readonly OddEntry[];
}

export type ReadOutcome =
  | { readonly kind: 'absent' }
  | { readonly kind: 'read'; readonly file: KubeconfigFile }
  | {
      readonly kind: 'broken';
      readonly path: string;
      readonly problem: Problem;
      /** Whether it may define an entry of this name, as far as that can be seen. */
      mayName(name: string): boolean;
    };

/** The files that kubectl would merge: KUBECONFIG as a list, else ~/.kube/config. Absolute, each once. */
export function defaultFiles(environment: Environment): string[] {
  const listed = environment.KUBECONFIG ?? '';
  const files =
    listed === ''
      ? [join(environment.HOME || homedir(), '.kube', 'config')]
      : listed.split(delimiter).filter((file) => file !== '');
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
  let bytes: Buffer;
  try {
    bytes = await readBytes(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? { kind: 'absent' }
      : broken(path, messageOf(error), null, null);
  }
  return parseKubeconfig(path, bytes);
}

/** Checks a file's bytes; `path` is where it is or would be kept. */
export function parseKubeconfig(path: string, bytes: Uint8Array): ReadOutcome {
  if (bytes.length === 0) {
    return { kind: 'absent' }; // kubectl takes an empty file for an empty configuration
  }
  let file: YamlFile;
  try {
    file = readYaml(bytes);
  } catch (error) {
    return broken(path, messageOf(error), bytes, error instanceof YamlError ? error.line : null);
  }
  const value = jsonOf(file.root);
  const wrongKind = complaintAboutKind(value);
  if (wrongKind !== null) {
    return broken(path, `it is not a kubeconfig: ${wrongKind.because}`, bytes, lineAt(file.root, [wrongKind.field]));
  }
  const parsed = kubeconfigSchema.safeParse(value ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0] ?? { path: [], message: 'is of another shape' };
    return broken(path, `it is not a kubeconfig: ${complaint(issue)}`, bytes, lineAt(file.root, issue.path));
  }
  const odd = oddEntriesOf(path, file, parsed.data);
  return { kind: 'read', file: { path, document: parsed.data, odd } };
}

/** apimachinery's SimpleMetaFactory: found whatever their case, absent is as good as right. */
function complaintAboutKind(value: unknown): { field: string; because: string } | null {
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    return { field: '', because: 'its outermost level is not a mapping' };
  }
  for (const [field, expected] of Object.entries({ kind: 'Config', apiVersion: 'v1' })) {
    const entries = Object.entries(value ?? {}).filter(([key]) => key.toLowerCase() === field.toLowerCase());
    const [key, given] = entries.find(([name]) => name === field) ?? entries[0] ?? [field, null];
    if (given !== null && given !== '' && given !== expected) {
      return { field: key, because: `its ${field} is ${JSON.stringify(given)?.slice(0, 100)}, not ${expected}` };
    }
  }
  return null;
}

/** Reads at most `largestFile` bytes of a regular file. Opening does not wait for the other end of a pipe. */
export async function readBounded(path: string, limit = largestFile): Promise<string> {
  return (await readBytes(path, limit)).toString('utf8');
}

async function readBytes(path: string, limit = largestFile): Promise<Buffer> {
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
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function broken(path: string, because: string, bytes: Uint8Array | null, line: number | null): ReadOutcome {
  const where = line === null ? path : `${path}, line ${line}`;
  const facts = { file: path, ...(line === null ? {} : { line: String(line) }) };
  return {
    kind: 'broken',
    path,
    problem: problem('kubeconfig-unreadable', `${where}: ${because}`, facts),
    mayName: (name) => bytes === null || mayContain(bytes, name),
  };
}

/** Whether a name could stand in a file that nobody can parse; an escape in it may stand for anything. */
function mayContain(bytes: Uint8Array, name: string): boolean {
  const text = ['utf-8', 'utf-16le', 'utf-16be'].map((encoding) => new TextDecoder(encoding).decode(bytes)).join('\n');
  return text.includes(name) || text.includes('\\');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
