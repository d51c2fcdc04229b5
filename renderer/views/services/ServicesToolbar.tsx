import { Layers, RefreshCw, Star } from 'lucide-react';
import { useState } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { listServices } from '../../actions/list-services.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { Dialog } from '../../kit/Dialog.tsx';
import { MultiSelect } from '../../kit/MultiSelect.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SearchInput } from '../../kit/TextInput.tsx';
import { ToggleChip } from '../../kit/ToggleChip.tsx';
import { useApp, useWindow } from '../../store/hooks.ts';
import type { ServiceFilter } from '../../store/window.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { useNamespaces } from '../home/use-namespaces.ts';
import styles from './ServicesTab.module.css';
import type { ServiceSource } from './use-service-source.ts';

/** The filters over the list, and what the list lacks. */
export function ServicesToolbar({
  context,
  source,
  chosen,
  onChoose,
}: {
  readonly context: ContextKey;
  readonly source: ServiceSource;
  readonly chosen: readonly string[];
  readonly onChoose: (namespaces: readonly string[]) => void;
}) {
  const say = useWords();
  const app = useApp();
  const filter = useWindow((state) => state.filter);
  const namespaces = useNamespaces(context, source.namespaces, chosen);
  const change = (part: Partial<ServiceFilter>) => app.window.setState({ filter: { ...filter, ...part } });
  return (
    <>
      <div className={styles.toolbar}>
        <SearchInput
          className={styles.search}
          label={say('services.filter')}
          keys="/"
          isPrimary
          value={filter.text}
          onChange={(text) =>
            // Other words find other rows: the keys begin at the first of them.
            app.window.setState({ filter: { ...filter, text }, cursor: null })
          }
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown' || event.key === 'Enter') {
              event.preventDefault();
              app.listOnScreen.settle();
              document.querySelector<HTMLElement>('[data-services-grid]')?.focus();
            }
          }}
        />
        <span className={styles.namespaces}>
          <MultiSelect
            label={say('services.namespace')}
            allWords={say('services.allNamespaces')}
            values={namespaces}
            chosen={chosen}
            onChange={onChoose}
          />
        </span>
        <ToggleChip isOn={filter.isReadyOnly} onChange={(isReadyOnly) => change({ isReadyOnly })}>
          {say('services.readyOnly')}
        </ToggleChip>
        <ToggleChip icon={Star} isOn={filter.isPinnedOnly} onChange={(isPinnedOnly) => change({ isPinnedOnly })}>
          {say('services.pinned')}
        </ToggleChip>
        <ToggleChip icon={Layers} isOn={filter.isGrouped} onChange={(isGrouped) => change({ isGrouped })}>
          {say('services.group')}
        </ToggleChip>
      </div>
      <Notices source={source} />
    </>
  );
}

function Notices({ source }: { readonly source: ServiceSource }) {
  const say = useWords();
  const format = useFormat();
  const run = useRunAction();
  const [isOpen, setOpen] = useState(false);
  const { rows, listedAt, problems, state } = source;
  if (rows.length === 0 || (listedAt === null && problems.length === 0)) {
    return null;
  }
  return (
    <div className={styles.notice}>
      {listedAt === null ? null : (
        <>
          <span>{say('services.listedAt', { time: format.clock(listedAt) })}</span>
          <Button
            kind="ghost"
            size="small"
            icon={RefreshCw}
            keys="R"
            disabled={state === 'loading'}
            onClick={() => run(listServices)}
          >
            {say('services.refresh')}
          </Button>
        </>
      )}
      {problems.length === 0 ? null : (
        <>
          <span>{say('services.partial', { count: problems.length })}</span>
          <Button kind="ghost" size="small" onClick={() => setOpen(true)}>
            {say('services.why')}
          </Button>
          <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title={say('services.partialTitle')} size="wide">
            <div className={styles.problems}>
              {problems.map((problem) => (
                <ProblemCard key={`${problem.code} ${problem.cause}`} problem={problem} />
              ))}
            </div>
          </Dialog>
        </>
      )}
    </div>
  );
}
