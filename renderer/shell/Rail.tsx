import { Activity, Cable, type LucideIcon, Search, Settings, Stethoscope } from 'lucide-react';
import { useMemo } from 'react';
import type { Action } from '../actions/action.ts';
import { goActivity, goDiagnostics, goFlows, goSettings } from '../actions/go.ts';
import { openPalette } from '../actions/look.ts';
import { useRunAction } from '../actions/use-action.ts';
import { KeyHint } from '../kit/KeyHint.tsx';
import { Roving } from '../kit/Roving.tsx';
import { SkeletonRows } from '../kit/Skeleton.tsx';
import { SearchInput } from '../kit/TextInput.tsx';
import { useApp, useContexts, useMirror, useSettings, useWindow } from '../store/hooks.ts';
import { type RailGroupName, railGroups } from '../store/rail-groups.ts';
import type { View } from '../store/window.ts';
import { useWords, type WordId } from '../words/words.ts';
import { BrandMark } from './Brand.tsx';
import styles from './Rail.module.css';
import { RailRow } from './RailRow.tsx';
import { RailWork } from './RailWork.tsx';

const groupWords: Readonly<Record<RailGroupName, WordId>> = {
  connected: 'shell.groupConnected',
  pinned: 'shell.groupPinned',
  recent: 'shell.groupRecent',
  all: 'shell.groupAll',
};

/** From so many contexts on the rail has a search of its own. */
const many = 8;

/** Left: what there is to connect to, and the ways to the other pages. Folds to shapes in a narrow window. */
export function Rail() {
  const say = useWords();
  const run = useRunAction();
  return (
    <nav className={styles.rail} aria-label={say('shell.main')}>
      <div className={styles.brand}>
        <BrandMark />
        <span className={styles.foldable}>{say('shell.brand')}</span>
      </div>
      <button type="button" className={styles.find} onClick={() => run(openPalette)}>
        <Search className={styles.icon} aria-hidden="true" />
        <span className={styles.findWords}>{say('shell.findAnything')}</span>
        <span className={styles.foldable}>
          <KeyHint keys="Mod+K" />
        </span>
      </button>
      <Clusters />
      <RailWork />
      <div className={styles.pages}>
        <PageLink action={goFlows} view="flows" icon={Cable} words={say('shell.flows')} />
        <PageLink action={goActivity} view="activity" icon={Activity} words={say('shell.activity')} />
        <PageLink action={goDiagnostics} view="diagnostics" icon={Stethoscope} words={say('shell.diagnostics')} />
        <PageLink action={goSettings} view="settings" icon={Settings} words={say('shell.settings')} />
      </div>
    </nav>
  );
}

function PageLink({
  action,
  view,
  icon: Icon,
  words,
}: {
  readonly action: Action;
  readonly view: View;
  readonly icon: LucideIcon;
  readonly words: string;
}) {
  const run = useRunAction();
  const isHere = useWindow((state) => state.view === view);
  return (
    <button
      type="button"
      className={styles.page}
      aria-current={isHere ? 'page' : undefined}
      title={words}
      onClick={() => run(action)}
    >
      <Icon className={styles.icon} aria-hidden="true" />
      <span className={styles.foldable}>{words}</span>
    </button>
  );
}

function Clusters() {
  const say = useWords();
  const app = useApp();
  const search = useWindow((state) => state.railSearch);
  const state = useContexts((present) => present.state);
  const contexts = useContexts((present) => present.contexts);
  const snapshot = useMirror((mirror) => mirror.snapshot);
  const settings = useSettings();
  const groups = useMemo(
    () => railGroups(contexts, snapshot, settings, search),
    [contexts, snapshot, settings, search],
  );
  if (state === 'loading') {
    return (
      <div className={styles.clusters}>
        <SkeletonRows count={4} label={say('kit.loading')} />
      </div>
    );
  }
  return (
    <div className={styles.clusters}>
      {contexts.length >= many ? (
        <div className={styles.search}>
          <SearchInput
            value={search}
            onChange={(railSearch) => app.window.setState({ railSearch })}
            label={say('shell.searchClusters')}
            onKeyDown={(event) => {
              const [first] =
                event.key === 'ArrowDown' ? document.querySelectorAll<HTMLElement>('nav [data-roving]') : [];
              if (first !== undefined) {
                event.preventDefault();
                first.focus();
              }
            }}
          />
        </div>
      ) : null}
      <Roving className={styles.groups}>
        {groups.map(({ name, contexts: members }) => (
          <section key={name} aria-label={say(groupWords[name])}>
            <h2 className={styles.group}>{say(groupWords[name])}</h2>
            <ul>
              {members.map((context) => (
                <li key={`${context.file}\n${context.name}`}>
                  <RailRow context={context} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </Roving>
      {groups.length > 0 ? null : (
        <p className={styles.empty}>
          {contexts.length === 0 ? say('shell.noContextsHint') : say('shell.noClusterFits', { text: search })}
        </p>
      )}
    </div>
  );
}
