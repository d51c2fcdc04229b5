import { Layers, TriangleAlert } from 'lucide-react';
import { memo, useMemo } from 'react';
import type { ContextKey, RangePair } from '../../../app/contract/index.ts';
import { ToggleChip } from '../../kit/ToggleChip.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useApp, useHomeNamespace, useListedPods, usePods, useRangePairs, useWindow } from '../../store/hooks.ts';
import { parseQuery, withRealAddresses } from '../../store/query.ts';
import { noPodFilter, type PodFilter } from '../../store/window.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { ListHead } from '../services/ListHead.tsx';
import { ListTab } from '../services/ListTab.tsx';
import { ListTable } from '../services/ListTable.tsx';
import { ListToolbar } from '../services/ListToolbar.tsx';
import { type ListItem, listItems, sortAfter } from '../services/list-entries.ts';
import { useDrawnInTime } from '../services/use-drawn-in-time.ts';
import { useListSource } from '../services/use-list-source.ts';
import { useNamespacesInView } from '../services/use-namespaces-in-view.ts';
import { useOrderedEntries } from '../services/use-ordered-entries.ts';
import { usePreparedSearch } from '../services/use-prepared-search.ts';
import { PodRow } from './PodRow.tsx';
import { type Column, podColumnsOf } from './pod-columns.tsx';
import { matchingPods, orderedPods, type PodEntry, preparePod } from './pod-entries.ts';

const listWords = {
  loading: 'pods.loading',
  idleTitle: 'pods.idleTitle',
  idleHint: 'pods.idleHint',
  list: 'pods.list',
  noneTitle: 'pods.noneTitle',
  noneHint: 'pods.noneHint',
  noMatchTitle: 'pods.noMatchTitle',
  noMatchText: 'pods.noMatchText',
  noMatchHint: 'pods.noMatchHint',
  count: 'pods.count',
  countOf: 'pods.countOf',
} as const;

/** The pods of one context, watched while this is on screen. */
export const PodsTab = memo(function PodsTab({ context }: { readonly context: ContextKey }) {
  const say = useWords();
  const { window: store } = useApp();
  const source = useListSource(
    context,
    usePods((state) => state),
    useListedPods((state) => state),
  );
  const wanted = useWindow((state) => state.podFilter);
  const drawn = useDrawnInTime(wanted, source.rows);
  const { filter, rows } = drawn;
  const [namespaces, setNamespaces] = useNamespacesInView(context);
  const homeNamespace = useHomeNamespace(context);
  const ordered = useOrderedEntries(rows, filter.sort, homeNamespace, orderedPods);
  usePreparedSearch(ordered, preparePod);
  const pairs = useRangePairs(context);
  const matching = useMemo(
    () => matchingPods(ordered, { ...filter, text: withRealAddresses(filter.text, pairs) }, namespaces),
    [ordered, filter, namespaces, pairs],
  );
  const items = useMemo(() => listItems(matching, filter.isGrouped), [matching, filter.isGrouped]);
  const change = (part: Partial<PodFilter>) => store.setState({ podFilter: { ...wanted, ...part } });
  return (
    <ListTab
      source={source}
      drawn={drawn}
      matching={matching}
      words={listWords}
      onClear={() => {
        store.setState({ podFilter: { ...noPodFilter, sort: wanted.sort, isGrouped: wanted.isGrouped } });
        setNamespaces([]);
      }}
      toolbar={
        <ListToolbar
          context={context}
          source={source}
          label={say('pods.filter')}
          text={wanted.text}
          onText={(text) => store.setState({ podFilter: { ...wanted, text }, podCursor: null })}
          chosen={namespaces}
          onChoose={setNamespaces}
        >
          <ToggleChip
            icon={TriangleAlert}
            isOn={wanted.isTroubledOnly}
            onChange={(isTroubledOnly) => change({ isTroubledOnly })}
          >
            {say('pods.troubledOnly')}
          </ToggleChip>
          <ToggleChip icon={Layers} isOn={wanted.isGrouped} onChange={(isGrouped) => change({ isGrouped })}>
            {say('services.group')}
          </ToggleChip>
        </ListToolbar>
      }
      table={<PodsTable items={items} filter={filter} pairs={pairs} count={matching.length} />}
      keys={[
        { keys: ['C'], words: say('services.keyCopy') },
        { keys: ['T'], words: say('services.keyTest') },
      ]}
    />
  );
});

const PodsTable = memo(function PodsTable({
  items,
  filter: { text, sort, isGrouped },
  pairs,
  count,
}: {
  readonly items: readonly ListItem<PodEntry>[];
  readonly filter: PodFilter;
  readonly pairs: readonly RangePair[];
  readonly count: number;
}) {
  const say = useWords();
  const format = useFormat();
  const now = useNow(60_000);
  const { window: store } = useApp();
  const words = useMemo(() => parseQuery(text).map((term) => term.text), [text]);
  const cells = useMemo(() => ({ say, format, now, pairs, words }), [say, format, now, pairs, words]);
  return (
    <ListTable<PodEntry, Column>
      list="pods"
      label={say('pods.tableLabel')}
      description={say('pods.count', { count })}
      items={items}
      columnsOf={(width) => podColumnsOf(width, isGrouped)}
      head={(columns) => (
        <ListHead
          columns={columns}
          sort={sort}
          onSort={({ name }) =>
            () =>
              store.setState(({ podFilter }) => ({
                podFilter: { ...podFilter, sort: sortAfter(podFilter.sort, name) },
              }))
            }
        />
      )}
      row={(entry, columns, place) => (
        <PodRow key={entry.key} entry={entry} columns={columns} cells={cells} {...place} />
      )}
    />
  );
});
