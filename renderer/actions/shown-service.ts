/** Which Service an action is about, and how its addresses are written: shared by what can be done with one. */
import {
  type ContextKey,
  connectionOf,
  defaultSettings,
  isSameKey,
  type Service,
  type ServiceKey,
  type ServicePort,
} from '../../app/contract/index.ts';
import { type AddressForm, addressForms, formToCopy, type Naming, usualPort } from '../store/address-forms.ts';
import type { App } from '../store/app.ts';

const isSameService = (left: ServiceKey, right: ServiceKey): boolean =>
  left.name === right.name && left.namespace === right.namespace;

/** In the stream of the connected context, else in the list that was asked for. */
export function findShownService(app: App, key: ServiceKey): Service | null {
  const { chosen } = app.window.getState();
  if (isSameKey(app.services.store.getState().context, chosen)) {
    return app.services.find(key);
  }
  const listed = app.listedServices.store.getState();
  return isSameKey(listed.context, chosen) ? (listed.rows.find((row) => isSameService(row, key)) ?? null) : null;
}

export interface ShownService {
  readonly context: ContextKey;
  readonly service: Service;
  readonly port: ServicePort | null;
}

/** The Service of the open panel, else the one that the keys are on; null where the list is not on screen. */
export function shownService(app: App): ShownService | null {
  const { view, tab, chosen, service: open, cursor } = app.window.getState();
  // A row that the filter or the cluster took away meanwhile is nobody's wish any more.
  const key = open ?? (cursor !== null && app.listOnScreen.holds(cursor) ? cursor : null);
  if (view !== 'cluster' || tab !== 'services' || chosen === null || key === null) {
    return null;
  }
  const service = findShownService(app, key);
  return service === null ? null : { context: chosen, service, port: chosenPort(service, app.window.getState().port) };
}

/** The port that was chosen for this Service, else the usual one. */
export function chosenPort(
  service: Service,
  chosen: (ServiceKey & { readonly port: number }) | null,
): ServicePort | null {
  const own = chosen !== null && isSameService(chosen, service) ? chosen.port : null;
  return service.ports.find(({ port }) => port === own) ?? usualPort(service);
}

export function namingOf(app: App, context: ContextKey): Naming {
  const connection = connectionOf(app.mirror.getState().snapshot, context);
  return connection?.phase === 'connected' || connection?.phase === 'reconnecting'
    ? {
        clusterDomain: connection.names.clusterDomain || 'cluster.local',
        homeNamespace: connection.homeNamespace,
        refused: connection.names.refused.map(({ name }) => name),
      }
    : { clusterDomain: 'cluster.local', homeNamespace: '', refused: [] };
}

/** What copying takes: the form used last, where the Service has it. */
export function shownForm(app: App, { context, service, port }: ShownService): AddressForm | null {
  const last = (app.settings.store.getState().settings ?? defaultSettings).copyForm;
  return formToCopy(addressForms(service, port, namingOf(app, context)), last);
}
