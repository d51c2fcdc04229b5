import { FileArchive } from 'lucide-react';
import type { Action } from './action.ts';

/** Gathers and redacts a report and shows it. Nothing is written. */
export const prepareReport: Action = {
  id: 'prepare-report',
  words: 'diagnostics.prepareReport',
  group: 'help',
  icon: FileArchive,
  isAvailable: ({ app }) =>
    app.mirror.getState().link.kind === 'live' && !app.inquiries.report.store.getState().isAsking,
  run: ({ app }) => {
    app.window.setState({ view: 'diagnostics' });
    app.inquiries.written.forget();
    return app.inquiries.report.ask('', {});
  },
};
