/**
 * Which exec credential plugins the user allows at all: `credentialPluginPolicy` and `credentialPluginAllowlist` of
 * kuberc, kubectl's file of preferences (KEP-3104; kubectl.config.k8s.io/v1beta1, Preference). It is read anew whenever
 * a plugin would run. kubectl goes on without a kuberc that it cannot read; a policy that nobody can read allows
 * nothing here, because whoever wrote one wanted to be asked less, not more.
 */
import { homedir } from 'node:os';
import { join, normalize, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Cause, cause, type Problem, problem } from '../../contract/index.ts';
import { readBounded } from '../kubeconfig/read-files.ts';
import type { Environment } from '../storage/folders.ts';
import { findProgram } from './find-program.ts';

/** Says why a plugin may not run; null where it may. `command`: as the kubeconfig says it; `program`: absolute. */
export type PluginPolicy = (command: string, program: string) => Promise<Problem | null>;

/** Preferences of kubectl have a few kilobytes. */
const largestFile = 1 << 20;

/** kubectl 1.35 calls an entry's field `name`, and since 1.36 `command`. */
const entrySchema = z.object({ name: z.string().default(''), command: z.string().default('') });
const preferenceSchema = z.object({
  credentialPluginPolicy: z.enum(['', 'AllowAll', 'DenyAll', 'Allowlist']).nullish(),
  credentialPluginAllowlist: z.array(entrySchema).nullish(),
});

const allowAll: PluginPolicy = async () => null;

export async function readPluginPolicy(environment: Environment): Promise<PluginPolicy> {
  const kuberc = kubercOf(environment);
  if (kuberc === null) {
    return allowAll;
  }
  const { file, isNamed } = kuberc;
  const refuse =
    (because: Cause): PluginPolicy =>
    async (_, program) =>
      problem('exec-refused', because, { command: program, file });
  let text: string;
  try {
    text = await readBounded(file, largestFile);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    return isAbsent && !isNamed ? allowAll : refuse(cause('kubercUnread', { file, reason: message }));
  }
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100, prettyErrors: false }) ?? {};
  } catch {
    return refuse(cause('kubercNotYaml', { file }));
  }
  const preference = preferenceSchema.safeParse(document);
  if (!preference.success) {
    const place = preference.error.issues[0]?.path.join('.') || 'its beginning';
    return refuse(cause('kubercPlace', { file, place }));
  }
  const { credentialPluginPolicy, credentialPluginAllowlist } = preference.data;
  const policy = credentialPluginPolicy || 'AllowAll';
  const list = credentialPluginAllowlist ?? null;
  if (policy !== 'Allowlist') {
    if (list !== null) {
      return refuse(cause('kubercStrayList', { file }));
    }
    return policy === 'AllowAll' ? allowAll : refuse(cause('kubercDenyAll', { file }));
  }
  const commands = (list ?? []).map(({ name, command }) => (name !== '' && command !== '' ? '' : name || command));
  if (commands.length === 0 || commands.some((command) => command === '' || normalize(command) !== command)) {
    return refuse(cause('kubercNoList', { file }));
  }
  const refuseUnlisted = refuse(cause('kubercUnlisted', { file }));
  return async (command, program) =>
    (await isListed(command, program, commands, environment)) ? null : refuseUnlisted(command, program);
}

/** The file that kubectl would read, and whether the user named it; null where it is switched off. */
function kubercOf(environment: Environment): { file: string; isNamed: boolean } | null {
  const named = environment.KUBERC ?? '';
  if (named === 'off' || environment.KUBECTL_KUBERC === 'false') {
    return null;
  }
  return named === ''
    ? { file: join(environment.HOME || homedir(), '.kube', 'kuberc'), isNamed: false }
    : { file: resolve(named), isNamed: true };
}

/**
 * As client-go: the same bare name, the same path, or an entry that is found on the PATH as the same program. What a
 * relative path means, each kubeconfig says for itself: a list cannot name one.
 */
async function isListed(
  command: string,
  program: string,
  listed: readonly string[],
  environment: Environment,
): Promise<boolean> {
  if (listed.includes(program) || (!/[\\/]/.test(command) && listed.includes(command))) {
    return true;
  }
  const found = await Promise.all(listed.map((entry) => findProgram(entry, environment.PATH ?? '')));
  return found.includes(program);
}
