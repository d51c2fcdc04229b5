import type { ContextKey } from '../../../app/contract/index.ts';
import { findShownService } from '../../actions/shown-service.ts';
import { useApp, useListedServices, useServices, useWindow } from '../../store/hooks.ts';
import { ServicePanel } from './ServicePanel.tsx';

/** The panel of the Service that was opened, as long as it is there. */
export function ServicePanelSlot({ context }: { readonly context: ContextKey }) {
  const app = useApp();
  const key = useWindow((state) => (state.tab === 'services' ? state.service : null));
  // What is found changes with these.
  useServices((state) => state.revision);
  useListedServices((state) => state.at);
  const service = key === null ? null : findShownService(app, key);
  return service === null ? null : <ServicePanel context={context} service={service} />;
}
