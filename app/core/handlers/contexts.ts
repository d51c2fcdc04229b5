/** Contexts: listing them, confirming one before its first use, and the kubeconfig files that the user adds. */
import { cause, failure, problem, success } from '../../contract/index.ts';
import { listContexts } from '../clusters/contexts.ts';
import { confirm, isAnotherCluster, seen, withRecords } from '../clusters/records.ts';
import { withoutServiceConsent } from '../settings/context-choices.ts';
import type { Access } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

type Names =
  | 'compareCaller'
  | 'listContexts'
  | 'cancelLogin'
  | 'listNamespaces'
  | 'confirmContext'
  | 'readPluginEnvironment'
  | 'addKubeconfig'
  | 'removeKubeconfig';

export function contextHandlers(dependencies: Dependencies, access: Access): Pick<Handlers, Names> {
  const { ports, trusted, connections } = dependencies;

  async function findShown({ context, file, digest }: { context: string; file: string; digest: string }) {
    const found = await access.find(context, file);
    if (!found.ok || found.value.digest === digest) {
      return found;
    }
    return failure(problem('context-changed', cause('changed', { file: found.value.file }), { context }));
  }

  return {
    compareCaller: async () => {
      const [own, theirs] = await Promise.all([dependencies.ownKubeconfig.mark(), ports.kubeconfig.mark()]);
      const { wanted, work } = dependencies.snapshot();
      return success({
        kubeconfigs:
          own.isExplicit === theirs.isExplicit && own.kubeconfigs.join('\n') === theirs.kubeconfigs.join('\n'),
        variables: [...(await ports.kubeconfig.differencesFrom(own))],
        idle: wanted.length === 0 && connections.isIdle() && work.every(({ endedAt }) => endedAt !== null),
      });
    },

    listContexts: async () => {
      const listed = await listContexts(ports.kubeconfig, dependencies.kubeconfigFiles(), trusted);
      return success({ ...listed, contexts: withRecords(listed.contexts, dependencies.records()) });
    },

    cancelLogin: async ({ context, file }) => {
      const named = file === '' ? await access.find(context) : null;
      if (named?.ok === false) {
        return named;
      }
      dependencies.logins.cancel({ name: context, file: named?.value.file ?? file });
      return success({});
    },

    listNamespaces: (request) => access.withCluster(request, (cluster) => cluster.listNamespaces()),

    confirmContext: async (shown) => {
      const found = await findShown(shown);
      if (!found.ok) {
        return found;
      }
      const { value } = found;
      if (value.execPlugin !== null) {
        const trustKept = await access.trust(value.execPlugin.digest);
        if (!trustKept.ok) {
          return trustKept;
        }
      }
      if (isAnotherCluster(dependencies.records(), value)) {
        // What may be made in a cluster was said of the one that had this name.
        const taken = await dependencies.changeSettings((settings) => success(withoutServiceConsent(settings, value)));
        if (!taken.ok) {
          return taken;
        }
      }
      const kept = await dependencies.setRecords(confirm(dependencies.records(), value));
      connections.find(value.name, value.file)?.confirmed(seen(value));
      dependencies.contextsChanged();
      return kept.ok ? success({}) : kept;
    },

    readPluginEnvironment: async (shown) => {
      const found = await findShown(shown);
      if (!found.ok) {
        return found;
      }
      const variables = await ports.kubeconfig.pluginEnvironment(found.value);
      return variables.ok ? success({ variables: [...variables.value] }) : variables;
    },

    addKubeconfig: async ({ source }) => {
      const taken =
        source.kind === 'file'
          ? await ports.kubeconfigFiles.check(source.path)
          : await ports.kubeconfigFiles.keep(source.name, source.text);
      if (!taken.ok) {
        return taken;
      }
      const { file } = taken.value;
      if (!dependencies.settings().kubeconfigFiles.includes(file)) {
        const kept = await dependencies.changeSettings((settings) =>
          success({ ...settings, kubeconfigFiles: [...new Set([...settings.kubeconfigFiles, file])] }),
        );
        if (!kept.ok) {
          await ports.kubeconfigFiles.forget(file); // nothing is kept that is not in force
          return kept;
        }
      }
      const listed = await listContexts(ports.kubeconfig, dependencies.kubeconfigFiles(), trusted);
      return success({
        file,
        contexts: listed.contexts.filter((context) => context.file === file).map(({ name }) => name),
      });
    },

    removeKubeconfig: async ({ file }) => {
      if (!dependencies.settings().kubeconfigFiles.includes(file)) {
        return failure(problem('usage', `${file} is none of the added files`));
      }
      const kept = await dependencies.changeSettings((settings) =>
        success({ ...settings, kubeconfigFiles: settings.kubeconfigFiles.filter((other) => other !== file) }),
      );
      if (!kept.ok) {
        return kept;
      }
      const forgotten = await ports.kubeconfigFiles.forget(file);
      return forgotten.ok ? success({}) : forgotten;
    },
  };
}
