import { FileDown } from 'lucide-react';
import type { Action } from './action.ts';

/** The name that the host proposes: day and minute, so that two reports of a day do not meet. */
function suggestedName(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  return `slipway-report-${day}-${two(now.getHours())}${two(now.getMinutes())}.zip`;
}

/** Writes the report as it is shown, where the user says. */
export const writeReport: Action = {
  id: 'write-report',
  words: 'diagnostics.writeReport',
  group: 'help',
  icon: FileDown,
  isAvailable: ({ app }) => app.inquiries.report.store.getState().value !== null,
  run: async ({ app }) => {
    const report = app.inquiries.report.store.getState().value;
    const path = report === null ? null : await app.host.pickReportPath(suggestedName(new Date()));
    if (report !== null && path !== null) {
      app.window.setState({ view: 'diagnostics' });
      await app.inquiries.written.ask(report.id, { id: report.id, path });
    }
  },
};
