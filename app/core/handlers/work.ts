/** Long work: the sandbox, begun and ended while frontends look on. Its kubeconfig is in force as long as it runs. */
import { type Context, cause, failure, problem, success } from '../../contract/index.ts';
import { listContexts } from '../clusters/contexts.ts';
import { confirm, recordOf } from '../clusters/records.ts';
import { sandboxChoices, withChoices } from '../settings/context-choices.ts';
import type { Dependencies, Handlers } from './dependencies.ts';

export function workHandlers(
  dependencies: Dependencies,
): Pick<Handlers, 'startSandbox' | 'stopSandbox' | 'cancelWork'> {
  const { ports, jobs, trusted } = dependencies;

  /** Offers the sandbox's context with what it needs; what the user chose for it meanwhile stays. */
  async function offer(file: string) {
    const withFile = (files: readonly string[]) => [...new Set([...files, file])];
    const { contexts } = await listContexts(
      ports.kubeconfig,
      withFile(dependencies.settings().kubeconfigFiles),
      trusted,
    );
    const kept = await dependencies.changeSettings((before) => {
      let next = { ...before, kubeconfigFiles: withFile(before.kubeconfigFiles) };
      for (const context of contexts.filter((one) => one.file === file)) {
        const isChosen = next.contexts.some((one) => one.context === context.name && one.file === file);
        next = isChosen ? next : withChoices(next, context.name, file, sandboxChoices);
      }
      return success(next);
    });
    await confirmAgain(contexts.filter((one) => one.file === file));
    dependencies.contextsChanged(); // the same file may hold another cluster than before
    return kept;
  }

  /** Who confirmed the sandbox confirmed what this core makes: each one has another authority than the one before. */
  async function confirmAgain(contexts: readonly Context[]) {
    const records = dependencies.records();
    const before = contexts.filter((context) => recordOf(records, context)?.confirmed);
    if (before.length > 0) {
      await dependencies.setRecords(before.reduce((next, context) => confirm(next, context), [...records]));
    }
  }

  async function withdraw(file: string) {
    return dependencies.changeSettings((before) =>
      success({
        ...before,
        kubeconfigFiles: before.kubeconfigFiles.filter((other) => other !== file),
        contexts: before.contexts.filter((one) => one.file !== file),
      }),
    );
  }

  return {
    startSandbox: async () => {
      const stopping = jobs.running('sandbox-stop');
      if (stopping !== null) {
        return failure(problem('sandbox-failed', cause('ending')));
      }
      const work =
        jobs.running('sandbox-start') ??
        jobs.begin('sandbox-start', async (progress, signal) => {
          const started = await ports.sandbox.start(progress, signal);
          return started.ok ? offer(started.value.kubeconfig) : started;
        }).id;
      return success({ work });
    },

    stopSandbox: async () => {
      const starting = jobs.running('sandbox-start');
      if (starting !== null) {
        jobs.cancel(starting);
        return success({ work: starting }); // ending what was begun is what cancelling does
      }
      const work =
        jobs.running('sandbox-stop') ??
        jobs.begin('sandbox-stop', async (progress, signal) => {
          const stopped = await ports.sandbox.stop(progress, signal);
          return stopped.ok ? withdraw(stopped.value.kubeconfig) : stopped;
        }).id;
      return success({ work });
    },

    cancelWork: async ({ work }) =>
      jobs.cancel(work) ? success({}) : failure(problem('usage', `there is no work ${work}`)),
  };
}
