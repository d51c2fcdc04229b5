/** The kubeconfig files in force as contexts, and the way from a context to its cluster. Listing runs no program. */
import { randomBytes } from 'node:crypto';
import { type Context, cause, contextChanged, failure, problem, type Result, success } from '../../contract/index.ts';
import type { ClusterAddress } from '../../core/engine-messages.ts';
import type { KubeconfigPort } from '../../core/ports.ts';
import type { AgentPlacingOptions } from '../agent/placing.ts';
import { proxyFor } from '../cluster/proxy-choice.ts';
import { openCredentials } from '../credentials/credentials.ts';
import { readPluginPolicy } from '../credentials/plugin-policy.ts';
import { createRecentAnswers, type RecentAnswers } from '../credentials/recent-answers.ts';
import type { KeyDigest } from '../storage/digest-key.ts';
import type { Environment } from '../storage/folders.ts';
import { differences, markOf } from './caller-mark.ts';
import { environmentOf } from './context-parts.ts';
import { mergeFiles } from './merge.ts';
import { defaultFiles, expand, readKubeconfig } from './read-files.ts';
import { resolveContext } from './resolve-context.ts';
import type { ContextParts } from './resolved-parts.ts';
import { watchFiles } from './watch-files.ts';

export interface KubeconfigOptions {
  /** The login shell's where the process was started from a desktop; asked for at first use. */
  readonly environment: () => Promise<Environment>;
  readonly agent: AgentPlacingOptions;
  /** What digests of hidden values are keyed by. */
  readonly digestKey: () => Promise<KeyDigest>;
}

/** Whose files and variables count; null for the core's own. */
interface Acting {
  readonly environment: Environment | null;
  readonly folder: string;
  readonly kubeconfigs: readonly string[];
  readonly isExplicit: boolean;
}

const theCore: Acting = { environment: null, folder: '', kubeconfigs: [], isExplicit: false };

/** What the ports of all callers of one core share. */
interface Shared {
  readonly recentAnswers: RecentAnswers;
  readonly salt: string;
}

const newShared = (): Shared => ({
  recentAnswers: createRecentAnswers(),
  salt: randomBytes(16).toString('base64url'),
});

export function openKubeconfig(
  options: KubeconfigOptions,
  acting: Acting = theCore,
  shared: Shared = newShared(),
): KubeconfigPort {
  const environmentNow = async () => acting.environment ?? (await options.environment());
  const filesOf = (environment: Environment) =>
    acting.kubeconfigs.length > 0 ? acting.kubeconfigs : defaultFiles(environment);

  /** The files that listContexts was last asked for: open() looks in the same ones. */
  let added: readonly string[] = [];

  const readAll = async (files: readonly string[]) => {
    const environment = await environmentNow();
    const defaults = filesOf(environment);
    const extra = acting.isExplicit
      ? []
      : [...new Set(files.map((file) => expand(file, environment)))].filter((file) => !defaults.includes(file));
    const outcomes = await Promise.all(defaults.map(readKubeconfig));
    const extraOutcomes = await Promise.all(extra.map(readKubeconfig));
    const problems = [...outcomes, ...extraOutcomes].flatMap((outcome) =>
      outcome.kind === 'broken' ? [outcome.problem] : [],
    );
    // kubectl skips files of KUBECONFIG that do not exist; one that the user added by hand is missed.
    const missed = acting.isExplicit ? defaults : extra;
    for (const [index, file] of missed.entries()) {
      if ((acting.isExplicit ? outcomes : extraOutcomes)[index]?.kind === 'absent') {
        problems.push(problem('kubeconfig-unreadable', cause('fileEmpty', { file }), { file }));
      }
    }
    const read = [...outcomes, ...extraOutcomes].flatMap((outcome) => (outcome.kind === 'read' ? [outcome.file] : []));
    if (read.length === 0 && problems.length === 0) {
      problems.push(problem('kubeconfig-missing', cause('lookedFor', { files: defaults.join(', ') })));
    }
    const warnings = read.flatMap((file) => file.odd.map(({ warning }) => warning));
    const addedFiles = extraOutcomes.flatMap((outcome) => (outcome.kind === 'read' ? [outcome.file] : []));
    const allows = await readPluginPolicy(environment);
    return { environment, allows, merged: mergeFiles(outcomes, addedFiles), problems, warnings };
  };

  /** A context as its files say it now, if that is still what `context` says: what is compared is what is used. */
  const resolveSame = async ({ name, file, digest, parts }: Context) => {
    const { environment, allows, merged } = await readAll([...added, file]);
    const found = merged.find((item) => item.shownName === name && item.context.file === file);
    if (found === undefined) {
      return failure(problem('context-unknown', `${file} no longer holds it`, { context: name }));
    }
    const resolved = await resolveContext(found, environment, allows, await options.digestKey());
    if (resolved.parts === null) {
      return failure(resolved.context.problem ?? problem('kubeconfig-unreadable', cause('unusable'), { file }));
    }
    return resolved.context.digest === digest
      ? success({ context: resolved.context, parts: resolved.parts, environment })
      : failure(contextChanged(name, file, parts, resolved.context.parts));
  };

  return {
    listContexts: async (files) => {
      added = files;
      const { environment, allows, merged, problems, warnings } = await readAll(files);
      const key = await options.digestKey();
      const resolved = await Promise.all(merged.map((context) => resolveContext(context, environment, allows, key)));
      return { contexts: resolved.map((item) => item.context), problems, warnings };
    },
    watch: (files, changed) => {
      let end: (() => void) | null = null;
      let ended = false;
      environmentNow().then((environment) => {
        if (!ended) {
          end = watchFiles([...filesOf(environment), ...files.map((file) => expand(file, environment))], changed);
        }
      });
      return () => {
        ended = true;
        end?.();
      };
    },
    open: async (context) => {
      const same = await resolveSame(context);
      if (!same.ok) {
        return same;
      }
      const { parts, environment } = same.value;
      const address = addressOf(parts, context.file, environment);
      if (!address.ok) {
        return address;
      }
      // Kubernetes' client is loaded with the first cluster: who only lists contexts need not wait for it.
      const { openCluster } = await import('../cluster/cluster.ts');
      const { digest } = same.value.context;
      const { variables } = markOf(environment, [], false, shared.salt);
      const recent = shared.recentAnswers.of(JSON.stringify([digest, acting.folder, variables]));
      return success(
        openCluster({
          context: same.value.context,
          address: address.value,
          execPlugin: same.value.context.execPlugin,
          credentials: openCredentials(parts, address.value, environment, acting.folder, recent),
          agent: options.agent,
        }),
      );
    },
    as: (caller) => openKubeconfig(options, caller, shared),
    withFilesOf: ({ kubeconfigs, isExplicit }) =>
      openKubeconfig(options, { ...theCore, kubeconfigs, isExplicit }, shared),
    mark: async () => {
      const environment = await environmentNow();
      return markOf(environment, filesOf(environment), acting.isExplicit);
    },
    differencesFrom: async (mark) => differences(await environmentNow(), mark),
    pluginEnvironment: async (context) => {
      const same = await resolveSame(context);
      if (!same.ok) {
        return same;
      }
      const { exec } = same.value.parts;
      const variables = exec === null ? new Map<string, string>() : environmentOf(exec.entry);
      return success([...variables].map(([name, value]) => ({ name, value })));
    },
  };
}

function addressOf(parts: ContextParts, file: string, environment: Environment): Result<ClusterAddress> {
  const { cluster, user } = parts;
  const { pem: authority, unreadable } = parts.authority;
  if (unreadable !== '') {
    return failure(problem('kubeconfig-unreadable', `the certificate authority: ${unreadable}`, { file }));
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
