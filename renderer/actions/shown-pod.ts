/** Which pod an action is about, as shown-service.ts tells it of Services. */
import { type ContextKey, isSameKey, type Pod, type ServiceKey } from '../../app/contract/index.ts';
import type { App } from '../store/app.ts';
import { serviceKey } from '../store/list-feed.ts';
import { type PodPort, portsOf, usualPodPort } from '../store/pod-address.ts';
import type { ActionContext } from './action.ts';

/** In the stream of the connected context, else in the list that was asked for. */
export function findShownPod(app: App, key: ServiceKey): Pod | null {
  const { chosen } = app.window.getState();
  if (isSameKey(app.pods.store.getState().context, chosen)) {
    return app.pods.find(key);
  }
  const listed = app.listedPods.store.getState();
  return isSameKey(listed.context, chosen)
    ? (listed.rows.find((row) => serviceKey(row) === serviceKey(key)) ?? null)
    : null;
}

export interface ShownPod {
  readonly context: ContextKey;
  readonly pod: Pod;
  readonly port: PodPort | null;
}

/** The pod of the open panel, else the one that the keys are on; null where the list is not on screen. */
export function shownPod(app: App): ShownPod | null {
  const { view, tab, chosen, pod: open, podCursor } = app.window.getState();
  const key = open ?? (podCursor !== null && app.listOnScreen.holds(podCursor) ? podCursor : null);
  if (view !== 'cluster' || tab !== 'pods' || chosen === null || key === null) {
    return null;
  }
  const pod = findShownPod(app, key);
  return pod === null ? null : { context: chosen, pod, port: chosenPodPort(pod, app.window.getState().podPort) };
}

/** The port that was chosen for this pod, else the usual one. */
export function chosenPodPort(pod: Pod, chosen: (ServiceKey & { readonly port: number }) | null): PodPort | null {
  const own = chosen !== null && serviceKey(chosen) === serviceKey(pod) ? chosen.port : null;
  return portsOf(pod).find(({ port }) => port === own) ?? usualPodPort(pod);
}

/** Copies the pod's main address, and says what was copied. */
export async function copyPodAddress({ app, say }: ActionContext, { addresses: [address] }: Pod): Promise<void> {
  const { show } = app.toasts.getState();
  if (address === undefined) {
    show({ tone: 'bad', text: say('pods.noAddress') });
    return;
  }
  const isCopied = await app.host.copyText(address);
  show(
    isCopied
      ? { tone: 'fine', text: say('services.copied', { text: address }) }
      : { tone: 'bad', text: say('kit.copyFailed') },
  );
}
