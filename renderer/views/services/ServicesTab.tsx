import { memo, useEffect, useMemo, useRef } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { useApp, useHomeNamespace, usePinned, useWindow } from '../../store/hooks.ts';
import { parseQuery } from '../../store/query.ts';
import { serviceKey } from '../../store/services.ts';
import { useWords } from '../../words/words.ts';
import { ServiceStates } from './ServiceStates.tsx';
import { ServicesFooter } from './ServicesFooter.tsx';
import styles from './ServicesTab.module.css';
import { ServicesTable } from './ServicesTable.tsx';
import { ServicesToolbar } from './ServicesToolbar.tsx';
import { isUsualSort, listItems, prepareSearch } from './service-entries.ts';
import { useDrawnInTime } from './use-drawn-in-time.ts';
import { useMatchingEntries } from './use-matching-entries.ts';
import { useNamespacesInView } from './use-namespaces-in-view.ts';
import { useOrderedEntries } from './use-ordered-entries.ts';
import { useServiceSource } from './use-service-source.ts';

/** The Services of one context. What is typed is heard at once; the list follows when there is time. */
export const ServicesTab = memo(function ServicesTab({ context }: { readonly context: ContextKey }) {
  const say = useWords();
  const source = useServiceSource(context);
  const { listOnScreen } = useApp();
  const { filter, rows, isBehind, settle } = useDrawnInTime(
    useWindow((state) => state.filter),
    source.rows,
  );
  const [namespaces, setNamespaces] = useNamespacesInView(context);
  const pinned = usePinned(context);
  const homeNamespace = useHomeNamespace(context);
  const preference = useMemo(() => ({ homeNamespace, pinned }), [homeNamespace, pinned]);
  const ordered = useOrderedEntries(rows, filter.sort, preference);
  useEffect(() => prepareSearch(ordered), [ordered]);
  const isBestFirst = isUsualSort(filter.sort);
  const { matching, matches } = useMatchingEntries(
    ordered,
    {
      text: filter.text,
      isReadyOnly: filter.isReadyOnly,
      pinned: filter.isPinnedOnly ? pinned : null,
      namespaces,
    },
    preference,
    isBestFirst,
  );
  const search = useMemo(
    () => ({ matches, words: parseQuery(filter.text).map(({ text }) => text) }),
    [matches, filter.text],
  );
  const items = useMemo(() => listItems(matching, filter.isGrouped), [matching, filter.isGrouped]);
  const drawn = useRef(matching);
  drawn.current = matching;
  useEffect(
    () =>
      listOnScreen.draw({
        settle,
        holds: (key) => drawn.current.some((entry) => entry.key === serviceKey(key)),
      }),
    [listOnScreen, settle],
  );
  const isEmpty = matching.length === 0;
  // Filters and keys of rows are for rows.
  const hasRows = source.rows.length > 0 || source.state === 'loading';
  return (
    <div className={styles.tab}>
      {hasRows ? (
        <ServicesToolbar context={context} source={source} chosen={namespaces} onChoose={setNamespaces} />
      ) : null}
      {isEmpty && isBehind ? (
        <SkeletonRows count={10} label={say('services.loading')} />
      ) : isEmpty ? (
        <ServiceStates source={source} onAllNamespaces={() => setNamespaces([])} />
      ) : (
        <ServicesTable context={context} items={items} search={search} pinned={pinned} count={matching.length} />
      )}
      {hasRows ? (
        <ServicesFooter shown={matching.length} all={rows.length} isReady={source.state === 'present' && !isBehind} />
      ) : null}
    </div>
  );
});
