import type { ContextKey } from '../../../app/contract/index.ts';
import { findShownPod } from '../../actions/shown-pod.ts';
import { useApp, useListedPods, usePods, useWindow } from '../../store/hooks.ts';
import { PodPanel } from './PodPanel.tsx';

/** The panel of the pod that was opened, as long as it is there. */
export function PodPanelSlot({ context }: { readonly context: ContextKey }) {
  const app = useApp();
  const key = useWindow((state) => (state.tab === 'pods' ? state.pod : null));
  // What is found changes with these.
  usePods((state) => state.revision);
  useListedPods((state) => state.at);
  const pod = key === null ? null : findShownPod(app, key);
  return pod === null ? null : <PodPanel context={context} pod={pod} />;
}
