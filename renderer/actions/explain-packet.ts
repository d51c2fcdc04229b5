import { Route } from 'lucide-react';
import type { Action } from './action.ts';

/** To the field that says what happens to a packet to a name or an address. */
export const explainPacket: Action = {
  id: 'explain-packet',
  words: 'diagnostics.explain',
  group: 'help',
  icon: Route,
  isAvailable: ({ app }) => app.window.getState().chosen !== null && app.mirror.getState().link.kind === 'live',
  run: ({ app }) => app.window.setState({ view: 'diagnostics', isExplaining: true }),
};
