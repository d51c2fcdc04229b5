/** Which pod an action is about, as shown-service.ts tells it of Services. */
import type { ContextKey, Pod, ServiceKey } from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import { type PodPort, portsOf, usualPodPort } from '../store/pod-address.ts';
import { findRow, isSameRow, shownRow } from './shown-row.ts';

export const findShownPod = (app: App, key: ServiceKey): Pod | null => findRow(app, key, app.pods, app.listedPods);

export interface ShownPod {
  readonly context: ContextKey;
  readonly pod: Pod;
  readonly port: PodPort | null;
}

/** The pod of the open panel, else the one that the keys are on; null where the list is not on screen. */
export function shownPod(app: App): ShownPod | null {
  const row = shownRow(app, 'pods');
  const pod = row === null ? null : findShownPod(app, row.key);
  return row === null || pod === null
    ? null
    : { context: row.context, pod, port: chosenPodPort(pod, app.window.getState().podPort) };
}

/** The port that was chosen for this pod, else the usual one. */
export function chosenPodPort(pod: Pod, chosen: (ServiceKey & { readonly port: number }) | null): PodPort | null {
  const own = chosen !== null && isSameRow(chosen, pod) ? chosen.port : null;
  return portsOf(pod).find(({ port }) => port === own) ?? usualPodPort(pod);
}
