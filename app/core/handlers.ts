/** The handler of each command of the contract. Input and level were checked; nothing here throws on purpose. */
import { failure, problem, success } from '../contract/index.ts';
import { createAccess } from './handlers/access.ts';
import { connectionHandlers } from './handlers/connections.ts';
import { contextHandlers } from './handlers/contexts.ts';
import { diagnosticHandlers } from './handlers/diagnostics.ts';
import { serviceHandlers } from './handlers/services.ts';
import { settingsHandlers } from './handlers/settings.ts';
import type { Handlers, Surroundings } from './handlers/surroundings.ts';

export function createHandlers(surroundings: Surroundings): Handlers {
  const access = createAccess(surroundings);
  const unbuilt = async () => failure(problem('internal', 'this command is being built'));
  return {
    ...contextHandlers(surroundings, access),
    ...serviceHandlers(surroundings, access),
    ...connectionHandlers(surroundings, access),
    ...diagnosticHandlers(surroundings, access),
    ...settingsHandlers(surroundings),
    getSnapshot: async () => success(surroundings.snapshot()),
    listActivity: async ({ limit }) => success({ entries: surroundings.activity.list(limit) }),
    prepareReport: unbuilt,
    writeReport: unbuilt,
    startSandbox: unbuilt,
    stopSandbox: unbuilt,
    cancelWork: unbuilt,
  };
}
