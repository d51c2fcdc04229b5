/** The handler of each command of the contract. Input and level were checked; nothing here throws on purpose. */
import { success } from '../contract/index.ts';
import { createAccess } from './handlers/access.ts';
import { connectionHandlers } from './handlers/connections.ts';
import { contextHandlers } from './handlers/contexts.ts';
import { diagnosticHandlers } from './handlers/diagnostics.ts';
import { reportHandlers } from './handlers/report.ts';
import { serviceHandlers } from './handlers/services.ts';
import { settingsHandlers } from './handlers/settings.ts';
import type { Handlers, Surroundings } from './handlers/surroundings.ts';
import { workHandlers } from './handlers/work.ts';

export function createHandlers(surroundings: Surroundings): Handlers {
  const access = createAccess(surroundings);
  return {
    ...contextHandlers(surroundings, access),
    ...serviceHandlers(surroundings, access),
    ...connectionHandlers(surroundings, access),
    ...diagnosticHandlers(surroundings, access),
    ...reportHandlers(surroundings, access),
    ...settingsHandlers(surroundings),
    ...workHandlers(surroundings),
    getSnapshot: async () => success(surroundings.snapshot()),
    listActivity: async ({ limit }) => success({ entries: surroundings.activity.list(limit) }),
  };
}
