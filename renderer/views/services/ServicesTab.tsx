import { memo, useMemo } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import {
  useApp,
  useHomeNamespace,
  useListedServices,
  usePinned,
  useRangePairs,
  useServices,
  useWindow,
} from '../../store/hooks.ts';
import { parseQuery, withRealAddresses } from '../../store/query.ts';
import { noFilter } from '../../store/window.ts';
import { useWords } from '../../words/words.ts';
import { ListTab } from './ListTab.tsx';
import { isUsualSort, listItems } from './list-entries.ts';
import { ServicesTable } from './ServicesTable.tsx';
import { ServicesToolbar } from './ServicesToolbar.tsx';
import { orderedEntries, prepareService } from './service-entries.ts';
import { useDrawnInTime } from './use-drawn-in-time.ts';
import { useListSource } from './use-list-source.ts';
import { useMatchingEntries } from './use-matching-entries.ts';
import { useNamespacesInView } from './use-namespaces-in-view.ts';
import { useOrderedEntries } from './use-ordered-entries.ts';
import { usePreparedSearch } from './use-prepared-search.ts';

const listWords = {
  loading: 'services.loading',
  idleTitle: 'services.idleTitle',
  idleHint: 'services.idleHint',
  list: 'services.list',
  noneTitle: 'services.noneTitle',
  noneHint: 'services.noneHint',
  noMatchTitle: 'services.noMatchTitle',
  noMatchText: 'services.noMatchText',
  noMatchHint: 'services.noMatchHint',
  count: 'services.count',
  countOf: 'services.countOf',
} as const;

/** The Services of one context. What is typed is heard at once; the list follows when there is time. */
export const ServicesTab = memo(function ServicesTab({ context }: { readonly context: ContextKey }) {
  const say = useWords();
  const source = useListSource(
    context,
    useServices((state) => state),
    useListedServices((state) => state),
  );
  const { window: store } = useApp();
  const drawn = useDrawnInTime(
    useWindow((state) => state.filter),
    source.rows,
  );
  const { filter, rows } = drawn;
  const [namespaces, setNamespaces] = useNamespacesInView(context);
  const pinned = usePinned(context);
  const homeNamespace = useHomeNamespace(context);
  const preference = useMemo(() => ({ homeNamespace, pinned }), [homeNamespace, pinned]);
  const ordered = useOrderedEntries(rows, filter.sort, preference, orderedEntries);
  usePreparedSearch(ordered, prepareService);
  const pairs = useRangePairs(context);
  const isBestFirst = isUsualSort(filter.sort);
  const { matching, matches } = useMatchingEntries(
    ordered,
    {
      text: withRealAddresses(filter.text, pairs),
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
  return (
    <ListTab
      source={source}
      drawn={drawn}
      matching={matching}
      words={listWords}
      onClear={() => {
        store.setState({ filter: { ...noFilter, sort: filter.sort, isGrouped: filter.isGrouped } });
        setNamespaces([]);
      }}
      toolbar={<ServicesToolbar context={context} source={source} chosen={namespaces} onChoose={setNamespaces} />}
      table={
        <ServicesTable
          context={context}
          items={items}
          search={search}
          pinned={pinned}
          pairs={pairs}
          count={matching.length}
        />
      }
      keys={[
        { keys: ['C'], words: say('services.keyCopy') },
        { keys: ['T'], words: say('services.keyTest') },
        { keys: ['P'], words: say('services.keyPin') },
      ]}
    />
  );
});
