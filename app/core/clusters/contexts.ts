/** Contexts: finding one, and the rule that no program of a kubeconfig runs before its command line was confirmed. */
import {
  type Context,
  cause,
  commandLineOf,
  type ExecPlugin,
  failure,
  type Problem,
  problem,
  type Result,
  success,
} from '../../contract/index.ts';
import type { KubeconfigPort, ListedContexts } from '../ports.ts';

/** Contexts with what is known of their plugins. Runs no program. */
export async function listContexts(
  kubeconfig: KubeconfigPort,
  files: readonly string[],
  trusted: ReadonlySet<string>,
): Promise<ListedContexts> {
  const { contexts, problems, warnings } = await kubeconfig.listContexts(files);
  return {
    contexts: contexts.map((context) =>
      context.execPlugin === null
        ? context
        : { ...context, execPlugin: { ...context.execPlugin, trusted: trusted.has(context.execPlugin.digest) } },
    ),
    problems,
    warnings,
  };
}

/**
 * Finds a context by name and, where one is given, by file: a name that moved to another file is another cluster, and
 * whoever was shown the first must not be led to the second.
 */
export async function findContext(
  kubeconfig: KubeconfigPort,
  files: readonly string[],
  trusted: ReadonlySet<string>,
  name: string,
  file = '',
): Promise<Result<Context>> {
  const { contexts, problems } = await listContexts(kubeconfig, files, trusted);
  const named = contexts.filter((context) => context.name === name);
  const found = file === '' ? named[0] : named.find((context) => context.file === file);
  if (found !== undefined) {
    return found.problem === null ? success(found) : failure(found.problem);
  }
  if (contexts.length === 0 && problems[0] !== undefined) {
    return failure(problems[0]);
  }
  const unreadable = problems.length === 0 ? '' : ' (some files could not be read)';
  if (named[0] !== undefined) {
    const cause = `${file} no longer holds it; ${named[0].file} has a context of this name`;
    return failure(problem('context-unknown', cause, { context: name, file }));
  }
  const known = contexts.map((context) => context.name).join(', ') || 'none';
  return failure(problem('context-unknown', `the contexts are: ${known}${unreadable}`, { context: name }));
}

/** The problem of a plugin that nobody confirmed; null where none would run or it is trusted. */
export function unconfirmedPlugin(
  context: string,
  plugin: ExecPlugin | null,
  trusted: ReadonlySet<string>,
): Problem | null {
  if (plugin === null || trusted.has(plugin.digest)) {
    return null;
  }
  const commandLine = commandLineOf(plugin);
  const names = plugin.environmentNames.join(', ');
  const environment = names === '' ? '' : `, with ${names} set in its environment`;
  return problem('exec-unconfirmed', cause('wouldRun', { commandLine: `${commandLine}${environment}` }), {
    context,
    commandLine,
    digest: plugin.digest,
  });
}
