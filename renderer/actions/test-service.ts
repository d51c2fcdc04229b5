import { Zap } from 'lucide-react';
import { connectionOf } from '../../app/contract/index.ts';
import type { Action } from './action.ts';
import { type ShownPod, shownPod } from './shown-pod.ts';
import { type ShownService, shownService } from './shown-service.ts';

/** Goes the way to the Service or pod as a program on this computer would; the panel shows how far. */
export const testService: Action = {
  id: 'test-service',
  words: 'actions.testService',
  group: 'service',
  icon: Zap,
  keys: 'T',
  isAvailable: ({ app }) => {
    const shown = shownService(app) ?? shownPod(app);
    const phase = connectionOf(app.mirror.getState().snapshot, app.window.getState().chosen)?.phase;
    return shown?.port != null && hasAddress(shown) && (phase === 'connected' || phase === 'reconnecting');
  },
  run: async ({ app }) => {
    const shown = shownService(app);
    if (shown !== null && shown.port !== null) {
      const { context, service, port } = shown;
      app.window.setState({ service: { namespace: service.namespace, name: service.name } });
      await app.serviceTests.run(context, service, port.port);
      return;
    }
    const found = shownPod(app);
    if (found !== null && found.port !== null) {
      const { context, pod, port } = found;
      app.window.setState({ pod: { namespace: pod.namespace, name: pod.name } });
      await app.serviceTests.runOnPod(context, pod, port.port);
    }
  },
};

/** A pod that has none yet cannot be gone to; a Service may be found by its name. */
const hasAddress = (shown: ShownService | ShownPod): boolean => !('pod' in shown) || shown.pod.addresses.length > 0;
