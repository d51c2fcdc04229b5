import { ExternalLink } from 'lucide-react';
import { connectionOf } from '../../app/contract/index.ts';
import { webAddressOf } from '../store/address-forms.ts';
import type { App } from '../store/app.ts';
import type { Action } from './action.ts';
import { namingOf, shownService } from './shown-service.ts';

function pageOf(app: App): string | null {
  const shown = shownService(app);
  const phase = connectionOf(app.mirror.getState().snapshot, app.window.getState().chosen)?.phase;
  return shown === null || phase !== 'connected'
    ? null
    : webAddressOf(shown.service, shown.port, namingOf(app, shown.context));
}

/** Asks whether the page of the Service is to be opened: the dialog of views/services shows the host and opens it. */
export const openService: Action = {
  id: 'open-service',
  words: 'actions.openService',
  group: 'service',
  icon: ExternalLink,
  keys: 'O',
  isAvailable: ({ app }) => pageOf(app) !== null,
  run: ({ app }) => app.window.setState({ opening: pageOf(app) }),
};
