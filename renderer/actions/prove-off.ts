import { SearchCheck } from 'lucide-react';
import { keyText } from '../../app/contract/index.ts';
import type { Action } from './action.ts';
import { isContextOn } from './connection.ts';

/** Looks whether anything of Slipway is left on this computer and in the chosen cluster. */
export const proveOff: Action = {
  id: 'prove-off',
  words: 'routes.prove',
  group: 'connection',
  icon: SearchCheck,
  isAvailable: ({ app }) => {
    const { chosen } = app.window.getState();
    return app.mirror.getState().link.kind === 'live' && chosen !== null && !isContextOn(app, chosen);
  },
  run: ({ app }) => {
    const { chosen } = app.window.getState();
    app.window.setState({ view: 'cluster', isListing: false });
    return chosen === null ? undefined : app.inquiries.proof.ask(keyText(chosen), chosen);
  },
};
