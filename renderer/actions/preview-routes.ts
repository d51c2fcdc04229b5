import { ScanEye } from 'lucide-react';
import { keyText } from '../../app/contract/index.ts';
import { findContext } from '../store/listings.ts';
import type { Action } from './action.ts';
import { isContextOn } from './connection.ts';

/** Asks what switching the chosen cluster on would change. Nothing is changed by asking. */
export const previewRoutes: Action = {
  id: 'preview-routes',
  words: 'routes.preview',
  group: 'connection',
  icon: ScanEye,
  isAvailable: ({ app }) => {
    const { chosen } = app.window.getState();
    const isConfirmed = findContext(app.contexts.getState().contexts, chosen)?.confirmed === true;
    return app.mirror.getState().link.kind === 'live' && isConfirmed && chosen !== null && !isContextOn(app, chosen);
  },
  run: ({ app }) => {
    const { chosen } = app.window.getState();
    app.window.setState({ view: 'cluster', isListing: false });
    return chosen === null ? undefined : app.inquiries.preview.ask(keyText(chosen), chosen);
  },
};
