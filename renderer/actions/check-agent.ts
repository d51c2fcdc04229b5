import { ShieldCheck } from 'lucide-react';
import { connectionOf, keyText } from '../../app/contract/index.ts';
import type { Action } from './action.ts';

/** Looks at the agent, the tunnel and our rights in the chosen cluster; the answer is that of all checks. */
export const checkAgent: Action = {
  id: 'check-agent',
  words: 'actions.checkAgent',
  group: 'connection',
  icon: ShieldCheck,
  isAvailable: ({ app }) => {
    const { snapshot, link } = app.mirror.getState();
    return link.kind === 'live' && connectionOf(snapshot, app.window.getState().chosen)?.phase === 'connected';
  },
  run: ({ app }) => {
    const { chosen } = app.window.getState();
    if (chosen !== null) {
      app.window.setState({ view: 'cluster', tab: 'agent' });
      return app.inquiries.checks.ask(keyText(chosen), { ...chosen, onlyConfirmed: true });
    }
  },
};
