import { memo, useDeferredValue, useEffect, useMemo } from 'react';
import { type ContextKey, isSameKey } from '../../../app/contract/index.ts';
import { useSettings, useWindow } from '../../store/hooks.ts';
import { serviceKey } from '../../store/services.ts';
import { ServiceStates } from './ServiceStates.tsx';
import { ServicesFooter } from './ServicesFooter.tsx';
import styles from './ServicesTab.module.css';
import { ServicesTable } from './ServicesTable.tsx';
import { ServicesToolbar } from './ServicesToolbar.tsx';
import { listItems, prepareSearch } from './service-entries.ts';
import { useMatchingEntries } from './use-matching-entries.ts';
import { useNamespacesInView } from './use-namespaces-in-view.ts';
import { useOrderedEntries } from './use-ordered-entries.ts';
import { useServiceSource } from './use-service-source.ts';

const noPins: ReadonlySet<string> = new Set();

/** The Services of one context. What is typed is heard at once; the list follows when there is time. */
export const ServicesTab = memo(function ServicesTab({ context }: { readonly context: ContextKey }) {
  const source = useServiceSource(context);
  const filter = useDeferredValue(useWindow((state) => state.filter));
  const rows = useDeferredValue(source.rows);
  const pinnedServices = useSettings()?.pinnedServices;
  const [namespaces, setNamespaces] = useNamespacesInView(context);
  const pinned = useMemo(
    () =>
      pinnedServices === undefined
        ? noPins
        : new Set(pinnedServices.filter((one) => isSameKey(one, context)).map(serviceKey)),
    [pinnedServices, context],
  );
  const ordered = useOrderedEntries(rows, filter.sort);
  useEffect(() => prepareSearch(ordered), [ordered]);
  const matching = useMatchingEntries(ordered, {
    text: filter.text,
    isReadyOnly: filter.isReadyOnly,
    pinned: filter.isPinnedOnly ? pinned : null,
    namespaces,
  });
  const items = useMemo(() => listItems(matching, filter.isGrouped), [matching, filter.isGrouped]);
  const isEmpty = matching.length === 0;
  return (
    <div className={styles.tab}>
      <ServicesToolbar context={context} source={source} chosen={namespaces} onChoose={setNamespaces} />
      {isEmpty ? (
        <ServiceStates source={source} onAllNamespaces={() => setNamespaces([])} />
      ) : (
        <ServicesTable context={context} items={items} pinned={pinned} count={matching.length} />
      )}
      <ServicesFooter shown={matching.length} all={rows.length} isReady={source.state === 'present'} />
    </div>
  );
});
