import { ExternalLink } from 'lucide-react';
import { connectionOf } from '../../app/contract/index.ts';
import { webAddressOf } from '../store/address-forms.ts';
import type { App } from '../store/app.ts';
import { webAddressOfPod } from '../store/pod-address.ts';
import type { Action } from './action.ts';
import { shownPod } from './shown-pod.ts';
import { namingOf, shownService } from './shown-service.ts';

function pageOf(app: App): string | null {
  const shown = shownService(app);
  const phase = connectionOf(app.mirror.getState().snapshot, app.window.getState().chosen)?.phase;
  if (phase !== 'connected') {
    return null;
  }
  const pod = shownPod(app);
  return shown === null
    ? pod === null
      ? null
      : webAddressOfPod(pod.pod, pod.port, namingOf(app, pod.context))
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
