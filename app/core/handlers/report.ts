/** The report: prepared and shown as long work, written only as it was shown. */
import { cause, failure, problem, type Report, success } from '../../contract/index.ts';
import { listContexts } from '../clusters/contexts.ts';
import { withRecords } from '../clusters/records.ts';
import { prepareReport } from '../report/prepare.ts';
import type { Access } from './access.ts';
import type { Dependencies, Handlers } from './dependencies.ts';
import { checksOf } from './diagnostics.ts';

/** So many prepared reports are kept in memory; a frontend that asked for more than these forgot the first. */
const mostPrepared = 3;
const activityLength = 500;

export function reportHandlers(
  dependencies: Dependencies,
  access: Access,
): Pick<Handlers, 'prepareReport' | 'writeReport'> {
  const { ports, jobs, trusted } = dependencies;
  const prepared = new Map<string, Report>();
  let count = 0;

  return {
    prepareReport: (_) =>
      jobs.begin('report', async (progress, signal) => {
        const cancelled = new Promise<'cancelled'>((resolve) => {
          signal.addEventListener('abort', () => resolve('cancelled'), { once: true });
        });
        progress('checks', 0.1);
        const checked = await Promise.race([
          checksOf(dependencies, access, {
            context: '',
            file: '',
            trustExec: false,
            onlyConfirmed: true,
            mayStartHelper: false,
          }),
          cancelled,
        ]);
        if (checked === 'cancelled') {
          return failure(problem('cancelled', cause('nothingWritten')));
        }
        progress('logs', 0.8);
        const sources = await ports.report.sources();
        const listed = await listContexts(ports.kubeconfig, dependencies.kubeconfigFiles(), trusted);
        progress('redaction', 0.9);
        count += 1;
        const report = prepareReport(`report-${count}`, {
          sources,
          build: dependencies.build,
          settings: dependencies.settings(),
          snapshot: dependencies.snapshot(),
          contexts: withRecords(listed.contexts, dependencies.records()),
          checks: checked,
          activity: dependencies.activity.list(activityLength),
        });
        prepared.set(report.id, report);
        for (const old of [...prepared.keys()].slice(0, -mostPrepared)) {
          prepared.delete(old);
        }
        return success(report);
      }).result,

    writeReport: async ({ id, path }) => {
      const report = prepared.get(id);
      if (report === undefined) {
        return failure(problem('report-unknown', `there is no ${id}`));
      }
      const written = await ports.report.write(path, report.files);
      if (written.ok) {
        dependencies.activity.note({ kind: 'report-written', facts: { path: written.value.path } });
      }
      return written;
    },
  };
}
