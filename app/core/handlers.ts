/** The handler of each command of the contract. Input and level were checked; nothing here throws on purpose. */
import { success } from '../contract/index.ts';
import { createAccess } from './handlers/access.ts';
import { connectionHandlers } from './handlers/connections.ts';
import { contextHandlers } from './handlers/contexts.ts';
import type { Dependencies, Handlers } from './handlers/dependencies.ts';
import { diagnosticHandlers } from './handlers/diagnostics.ts';
import { explainHandlers } from './handlers/explain.ts';
import { reportHandlers } from './handlers/report.ts';
import { serviceHandlers } from './handlers/services.ts';
import { settingsHandlers } from './handlers/settings.ts';
import { workHandlers } from './handlers/work.ts';

export function createHandlers(dependencies: Dependencies): Handlers {
  const access = createAccess(dependencies);
  const services = serviceHandlers(dependencies, access);
  return {
    ...explainHandlers(dependencies, access, services),
    ...contextHandlers(dependencies, access),
    ...services,
    ...connectionHandlers(dependencies, access),
    ...diagnosticHandlers(dependencies, access),
    ...reportHandlers(dependencies, access),
    ...settingsHandlers(dependencies, access),
    ...workHandlers(dependencies),
    getSnapshot: async () => success(dependencies.snapshot()),
    listActivity: async ({ limit }) => success({ entries: dependencies.activity.list(limit) }),
  };
}
