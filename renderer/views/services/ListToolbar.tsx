import { RefreshCw } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { ContextKey } from '../../../app/contract/index.ts';
import { listServices } from '../../actions/list-services.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { Dialog } from '../../kit/Dialog.tsx';
import { MultiSelect } from '../../kit/MultiSelect.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SearchInput } from '../../kit/TextInput.tsx';
import { useApp } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { useNamespaces } from '../home/use-namespaces.ts';
import styles from './ServicesTab.module.css';
import type { ListSource } from './use-list-source.ts';

/** The search over a list, its namespaces, and what the list lacks. Other filters are the children. */
export function ListToolbar({
  context,
  source,
  label,
  text,
  onText,
  chosen,
  onChoose,
  children,
}: {
  readonly context: ContextKey;
  readonly source: ListSource<unknown>;
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly chosen: readonly string[];
  readonly onChoose: (namespaces: readonly string[]) => void;
  readonly children: ReactNode;
}) {
  const say = useWords();
  const app = useApp();
  const namespaces = useNamespaces(context, source.namespaces, chosen);
  return (
    <>
      <div className={styles.toolbar}>
        <SearchInput
          className={styles.search}
          label={label}
          keys="/"
          isPrimary
          value={text}
          onChange={onText}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown' || event.key === 'Enter') {
              event.preventDefault();
              app.listOnScreen.settle();
              document.querySelector<HTMLElement>('[data-list-grid]')?.focus();
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
        {children}
      </div>
      <Notices source={source} />
    </>
  );
}

function Notices({ source }: { readonly source: ListSource<unknown> }) {
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
