/** The kubeconfig files in force as contexts, and the way from a context to its cluster. Listing runs no program. */
import { failure, type Problem, problem, type Result, success } from '../../contract/index.ts';
import type { ClusterAddress } from '../../core/engine-messages.ts';
import type { ClusterPort, KubeconfigPort } from '../../core/ports.ts';
import type { AgentPlacingOptions } from '../agent/placing.ts';
import { openCluster } from '../cluster/cluster.ts';
import { proxyFor } from '../cluster/proxy-choice.ts';
import { openCredentials, pem } from '../credentials/credentials.ts';
import type { Environment } from '../storage/folders.ts';
import { type MergedContext, mergeFiles } from './merge.ts';
import { defaultFiles, expand, type KubeconfigFile, readKubeconfig } from './read-files.ts';
import { type ContextParts, type ResolvedContext, resolveContext } from './resolve-context.ts';
import { watchFiles } from './watch-files.ts';

export interface KubeconfigOptions {
  /** The login shell's where the process was started from a desktop; asked for at first use. */
  readonly environment: () => Promise<Environment>;
  readonly agent: AgentPlacingOptions;
}

export function openKubeconfig(options: KubeconfigOptions): KubeconfigPort {
  /** The files that listContexts was last asked for: open() looks in the same ones. */
  let added: readonly string[] = [];

  const read = async (files: readonly string[]) => {
    const environment = await options.environment();
    const defaults = defaultFiles(environment);
    const extra = [...new Set(files.map((file) => expand(file, environment)))].filter(
      (file) => !defaults.includes(file),
    );
    const problems: Problem[] = [];
    const load = async (paths: readonly string[], mustExist: boolean): Promise<KubeconfigFile[]> => {
      const outcomes = await Promise.all(paths.map(readKubeconfig));
      return outcomes.flatMap((outcome, index) => {
        if (outcome.kind === 'broken') {
          problems.push(outcome.problem);
        } else if (outcome.kind === 'absent' && mustExist) {
          const file = paths[index] ?? '';
          problems.push(problem('kubeconfig-unreadable', `${file} does not exist or is empty`, { file }));
        }
        return outcome.kind === 'read' ? [outcome.file] : [];
      });
    };
    // kubectl skips files of KUBECONFIG that do not exist; one that the user added by hand is missed.
    const defaultsRead = await load(defaults, false);
    const extraRead = await load(extra, true);
    if (defaultsRead.length + extraRead.length === 0 && problems.length === 0) {
      problems.push(problem('kubeconfig-missing', `looked for ${defaults.join(', ')}`));
    }
    return { environment, merged: mergeFiles(defaultsRead, extraRead), problems };
  };

  return {
    listContexts: async (files) => {
      added = files;
      const { environment, merged, problems } = await read(files);
      const resolved = await Promise.all(merged.map((context) => resolveContext(context, environment)));
      return { contexts: resolved.map((item) => item.context), problems };
    },
    watch: (files, changed) => {
      let end: (() => void) | null = null;
      let ended = false;
      options.environment().then((environment) => {
        if (!ended) {
          end = watchFiles([...defaultFiles(environment), ...files.map((file) => expand(file, environment))], changed);
        }
      });
      return () => {
        ended = true;
        end?.();
      };
    },
    open: async (context) => {
      const { environment, merged } = await read([...added, context.file]);
      const found = merged.find((item) => item.shownName === context.name && item.context.file === context.file);
      if (found === undefined) {
        const cause = `${context.file} no longer holds it`;
        return failure(problem('context-unknown', cause, { context: context.name }));
      }
      return openResolved(found, await resolveContext(found, environment), environment, options.agent);
    },
  };
}

async function openResolved(
  merged: MergedContext,
  resolved: ResolvedContext,
  environment: Environment,
  agent: AgentPlacingOptions,
): Promise<Result<ClusterPort>> {
  if (resolved.parts === null) {
    const fallback = problem('kubeconfig-unreadable', 'it cannot be used', { file: merged.context.file });
    return failure(resolved.context.problem ?? fallback);
  }
  const address = await addressOf(resolved.parts, merged.context.file, environment);
  if (!address.ok) {
    return address;
  }
  return success(
    openCluster({
      context: resolved.context,
      address: address.value,
      execPlugin: resolved.context.execPlugin,
      credentials: openCredentials(resolved.parts, address.value, environment),
      agent,
    }),
  );
}

async function addressOf(parts: ContextParts, file: string, environment: Environment): Promise<Result<ClusterAddress>> {
  const { cluster, user } = parts;
  let authority: string;
  try {
    authority = await pem(cluster['certificate-authority-data'], cluster['certificate-authority'], parts.clusterFolder);
  } catch (error) {
    const cause = `the certificate authority: ${error instanceof Error ? error.message : String(error)}`;
    return failure(problem('kubeconfig-unreadable', cause, { file }));
  }
  if (
    user.as === '' &&
    (user['as-uid'] !== '' || user['as-groups'].length > 0 || Object.keys(user['as-user-extra']).length > 0)
  ) {
    return failure(
      problem('kubeconfig-unreadable', 'it impersonates groups, uid or extra without a user ("as")', { file }),
    );
  }
  const proxyUrl = proxyFor(new URL(cluster.server), cluster['proxy-url'], environment);
  return success({
    server: cluster.server,
    ...(cluster['tls-server-name'] === '' ? {} : { tlsServerName: cluster['tls-server-name'] }),
    ...(authority === '' ? {} : { certificateAuthority: authority }),
    ...(cluster['insecure-skip-tls-verify'] ? { insecureSkipTlsVerify: true } : {}),
    ...(proxyUrl === '' ? {} : { proxyUrl }),
    ...(user.as === ''
      ? {}
      : {
          impersonate: {
            user: user.as,
            ...(user['as-uid'] === '' ? {} : { uid: user['as-uid'] }),
            groups: user['as-groups'],
            extra: user['as-user-extra'],
          },
        }),
  });
}
