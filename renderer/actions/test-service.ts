import { Zap } from 'lucide-react';
import { connectionOf } from '../../app/contract/index.ts';
import type { Action } from './action.ts';
import { shownService } from './shown-service.ts';

/** Goes the way to the Service as a program on this computer would; the panel shows how far. */
export const testService: Action = {
  id: 'test-service',
  words: 'actions.testService',
  group: 'service',
  icon: Zap,
  keys: 'T',
  isAvailable: ({ app }) => {
    const shown = shownService(app);
    const phase = connectionOf(app.mirror.getState().snapshot, app.window.getState().chosen)?.phase;
    return shown?.port != null && (phase === 'connected' || phase === 'reconnecting');
  },
  run: async ({ app }) => {
    const shown = shownService(app);
    if (shown !== null && shown.port !== null) {
      const { context, service, port } = shown;
      app.window.setState({ service: { namespace: service.namespace, name: service.name } });
      await app.serviceTests.run(context, service, port.port);
    }
  },
};
