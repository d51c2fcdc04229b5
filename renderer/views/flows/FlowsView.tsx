import { Cable, SearchX, TriangleAlert, Unplug, Waypoints } from 'lucide-react';
import { useMemo, useState } from 'react';
import { type Flow, flowLives, isSameKey } from '../../../app/contract/index.ts';
import { goServices } from '../../actions/go.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { SearchInput } from '../../kit/TextInput.tsx';
import { ToggleChip } from '../../kit/ToggleChip.tsx';
import { FooterHints } from '../../shell/FooterHints.tsx';
import { Page } from '../../shell/Page.tsx';
import type { Flows } from '../../store/flows.ts';
import { useApp, useFlows, useIsLive, useShortName } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { FlowPanel } from './FlowPanel.tsx';
import styles from './Flows.module.css';
import { FlowsTable } from './FlowsTable.tsx';
import { type FlowFilter, listedFlows, noFlowFilter } from './flow-entries.ts';

/** Which program of this computer has which connection into the cluster, and what became of it. */
export function FlowsView() {
  const say = useWords();
  const { window: store } = useApp();
  const flows = useFlows((state) => state);
  const shortName = useShortName();
  const [filter, setFilter] = useState(noFlowFilter);
  const [cursor, setCursor] = useState<number | null>(null);
  const [open, setOpen] = useState<number | null>(null);
  const listed = useMemo(() => listedFlows(flows.rows, filter), [flows.rows, filter]);
  const shown = flows.rows.find(({ id }) => id === open) ?? null;
  const explain = ({ destination }: Flow) => {
    if (flows.context !== null) {
      const { chosen } = store.getState();
      store.setState({
        ...(isSameKey(chosen, flows.context) ? {} : { chosen: flows.context }),
        ...{ view: 'diagnostics', isExplaining: true, explained: destination },
      });
    }
  };
  return (
    <Page
      layout="full"
      title={say('shell.flows')}
      subtitle={
        flows.context === null
          ? say('flows.subtitle')
          : say('flows.subtitleOf', { context: shortName(flows.context.context) })
      }
      {...(flows.about === null ? {} : { footer: <Footer listed={listed.length} about={flows.about} /> })}
      panel={
        shown === null ? null : (
          <FlowPanel flow={shown} onClose={() => setOpen(null)} onExplain={() => explain(shown)} />
        )
      }
    >
      {flows.rows.length === 0 ? null : <Toolbar filter={filter} onFilter={setFilter} />}
      {listed.length === 0 ? (
        <Nothing onShowAll={() => setFilter({ ...noFlowFilter, sort: filter.sort })} />
      ) : (
        <FlowsTable
          flows={listed}
          filter={filter}
          onSort={(sort) => setFilter({ ...filter, sort })}
          cursor={cursor}
          open={shown?.id ?? null}
          onMove={(id) => {
            setCursor(id);
            setOpen(shown === null ? null : id);
          }}
          onOpen={(id) => {
            setCursor(id ?? cursor);
            setOpen(id);
          }}
          onExplain={explain}
        />
      )}
    </Page>
  );
}

function Toolbar({
  filter,
  onFilter,
}: {
  readonly filter: FlowFilter;
  readonly onFilter: (filter: FlowFilter) => void;
}) {
  const say = useWords();
  const chip = (shown: 'live' | 'failed') => ({
    isOn: filter.shown === shown,
    onChange: (isOn: boolean) => onFilter({ ...filter, shown: isOn ? shown : 'all' }),
  });
  return (
    <div className={styles.toolbar}>
      <SearchInput
        className={styles.search}
        label={say('flows.find')}
        keys="/"
        isPrimary
        value={filter.text}
        onChange={(text) => onFilter({ ...filter, text })}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'Enter') {
            event.preventDefault();
            document.querySelector<HTMLElement>('[data-list-grid]')?.focus();
          }
        }}
      />
      <ToggleChip icon={Cable} {...chip('live')}>
        {say('flows.liveOnly')}
      </ToggleChip>
      <ToggleChip icon={TriangleAlert} {...chip('failed')}>
        {say('flows.failedOnly')}
      </ToggleChip>
    </div>
  );
}

/** What stands where no row does. */
function Nothing({ onShowAll }: { readonly onShowAll: () => void }) {
  const say = useWords();
  const run = useRunAction();
  const { state, rows, endedBecause } = useFlows((flows) => flows);
  const isLive = useIsLive();
  if (rows.length > 0) {
    return (
      <EmptyState
        icon={SearchX}
        title={say('flows.nothingFits')}
        actions={<Button onClick={onShowAll}>{say('flows.showAll')}</Button>}
      />
    );
  }
  if (endedBecause !== null) {
    return <ProblemCard problem={endedBecause} />;
  }
  if (state === 'loading' && isLive) {
    return <SkeletonRows count={8} label={say('flows.loading')} />;
  }
  return state === 'present' ? (
    <EmptyState icon={Waypoints} title={say('flows.none')}>
      {say('flows.noneHint')}
    </EmptyState>
  ) : (
    <EmptyState
      icon={Unplug}
      title={say('flows.off')}
      actions={<Button onClick={() => run(goServices)}>{say('flows.toCluster')}</Button>}
    >
      {say('flows.offHint')}
    </EmptyState>
  );
}

/** How many there are, which way they take, and what is not listed. */
function Footer({ listed, about }: { readonly listed: number; readonly about: NonNullable<Flows['about']> }) {
  const say = useWords();
  const format = useFormat();
  const rows = useFlows((state) => state.rows);
  const told = rows.filter(flowLives).length;
  const facts = [
    listed === rows.length
      ? say('flows.count', { count: rows.length })
      : say('flows.countOf', { shown: format.number(listed), count: rows.length }),
    ...(told < about.live ? [say('flows.busiest', { told: format.number(told), count: about.live })] : []),
    ...(about.programsKnown ? [] : [say('flows.programsUnknown')]),
    say('flows.tcpOnly'),
    say(about.path === 'direct' ? 'flows.direct' : 'flows.apiserver'),
    ...(about.roundTripMicroseconds > 0
      ? [say('flows.roundTrip', { time: format.microseconds(about.roundTripMicroseconds) })]
      : []),
  ];
  return (
    <>
      <span className={styles.facts}>{facts.join(' · ')}</span>
      {listed === 0 ? null : (
        <FooterHints
          hints={[
            { keys: ['ArrowUp', 'ArrowDown'], words: say('shell.keyMove') },
            { keys: ['Enter'], words: say('shell.keyOpen') },
            { keys: ['E'], words: say('flows.keyExplain') },
          ]}
        />
      )}
    </>
  );
}
