/** Which Service an action is about, and how its addresses are written: shared by what can be done with one. */
import {
  type ContextKey,
  connectionOf,
  defaultSettings,
  type Service,
  type ServiceKey,
  type ServicePort,
} from '../../app/contract/index.ts';
import { type AddressForm, addressForms, formToCopy, type Naming, usualPort } from '../store/address-forms.ts';
import type { App } from '../store/app.ts';
import { findRow, isSameRow, shownRow } from './shown-row.ts';

export const findShownService = (app: App, key: ServiceKey): Service | null =>
  findRow(app, key, app.services, app.listedServices);

export interface ShownService {
  readonly context: ContextKey;
  readonly service: Service;
  readonly port: ServicePort | null;
}

/** The Service of the open panel, else the one that the keys are on; null where the list is not on screen. */
export function shownService(app: App): ShownService | null {
  const row = shownRow(app, 'services');
  const service = row === null ? null : findShownService(app, row.key);
  return row === null || service === null
    ? null
    : { context: row.context, service, port: chosenPort(service, app.window.getState().port) };
}

/** The port that was chosen for this Service, else the usual one. */
export function chosenPort(
  service: Service,
  chosen: (ServiceKey & { readonly port: number }) | null,
): ServicePort | null {
  const own = chosen !== null && isSameRow(chosen, service) ? chosen.port : null;
  return service.ports.find(({ port }) => port === own) ?? usualPort(service);
}

export function namingOf(app: App, context: ContextKey | null): Naming {
  const connection = connectionOf(app.mirror.getState().snapshot, context);
  return connection?.phase === 'connected' || connection?.phase === 'reconnecting'
    ? {
        clusterDomain: connection.names.clusterDomain || 'cluster.local',
        homeNamespace: connection.homeNamespace,
        refused: connection.names.refused.map(({ name }) => name),
        suffix: connection.names.mode === 'elsewhere' ? `.${connection.names.suffix ?? ''}` : '',
        routes: connection.routes,
      }
    : { clusterDomain: 'cluster.local', homeNamespace: '', refused: [], suffix: '', routes: [] };
}

/** What copying takes: the form used last, where the Service has it. */
export function shownForm(app: App, { context, service, port }: ShownService): AddressForm | null {
  const last = (app.settings.store.getState().settings ?? defaultSettings).copyForm;
  return formToCopy(addressForms(service, port, namingOf(app, context)), last);
}
