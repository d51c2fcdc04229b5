import { Stethoscope } from 'lucide-react';
import { keyText } from '../../app/contract/index.ts';
import type { Action } from './action.ts';

/** Looks at the computer and the chosen cluster anew. */
export const runChecks: Action = {
  id: 'run-checks',
  words: 'diagnostics.runChecks',
  group: 'help',
  icon: Stethoscope,
  isAvailable: ({ app }) => app.mirror.getState().link.kind === 'live',
  run: ({ app }) => {
    const { chosen } = app.window.getState();
    app.window.setState({ view: 'diagnostics' });
    return app.inquiries.checks.ask(chosen === null ? '' : keyText(chosen), { ...chosen, onlyConfirmed: true });
  },
};
