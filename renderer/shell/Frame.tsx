import { type ComponentType, Suspense } from 'react';
import { classes } from '../kit/classes.ts';
import { SkeletonRows } from '../kit/Skeleton.tsx';
import { Toaster } from '../kit/Toaster.tsx';
import { VisuallyHidden } from '../kit/VisuallyHidden.tsx';
import { useApp, useIsLive, useMirror, useSettings, useWindow } from '../store/hooks.ts';
import type { View } from '../store/window.ts';
import { useWords } from '../words/words.ts';
import { BrandMark } from './Brand.tsx';
import { FocusKeeper } from './FocusKeeper.tsx';
import styles from './Frame.module.css';
import { Keys } from './Keys.tsx';
import { KubeconfigDrop } from './KubeconfigDrop.tsx';
import { LinkBanner } from './LinkBanner.tsx';
import { LoginBanner } from './LoginBanner.tsx';
import { Palette } from './Palette.tsx';
import { Rail } from './Rail.tsx';
import { ShortcutSheet } from './ShortcutSheet.tsx';
import { ViewBoundary } from './ViewBoundary.tsx';
import { WorkToasts } from './WorkToasts.tsx';

/** What the frame is around; the frame knows none of them. */
export interface Pages {
  readonly viewOf: Readonly<Record<View, ComponentType>>;
  readonly Welcome: ComponentType;
}

/** The columns of the window, and what lies over them. Before the first run was read there is only the welcome. */
export function Frame({ pages }: { readonly pages: Pages }) {
  const say = useWords();
  const { toasts } = useApp();
  const settings = useSettings();
  const link = useMirror((mirror) => mirror.link.kind);
  return (
    <div className={styles.window}>
      <a href="#content" className={styles.skip}>
        {say('shell.skip')}
      </a>
      <LinkBanner />
      <LoginBanner />
      {settings === null ? (
        <Waiting isLost={link === 'lost' || link === 'other-version'} />
      ) : settings.welcomed ? (
        <Columns pages={pages} />
      ) : (
        <ViewBoundary>
          <Suspense fallback={<Waiting isLost={false} />}>
            <pages.Welcome />
          </Suspense>
        </ViewBoundary>
      )}
      <KubeconfigDrop />
      <FocusKeeper />
      <WorkToasts />
      <Toaster store={toasts} />
    </div>
  );
}

function Columns({ pages }: { readonly pages: Pages }) {
  const view = useWindow((state) => state.view);
  const isLive = useIsLive();
  const Shown = pages.viewOf[view];
  return (
    <div className={classes(styles.columns, !isLive && styles.stale)}>
      <Rail />
      <ViewBoundary key={view}>
        <Suspense fallback={<Coming />}>
          <Shown />
        </Suspense>
      </ViewBoundary>
      <Palette />
      <ShortcutSheet />
      <Keys />
    </div>
  );
}

function Coming() {
  return (
    <main className={styles.coming} aria-busy="true">
      <SkeletonRows />
    </main>
  );
}

/** Until the core told its settings. Where the link is lost, the banner says more. */
function Waiting({ isLost }: { readonly isLost: boolean }) {
  const say = useWords();
  return (
    <main id="content" tabIndex={-1} className={styles.waiting} aria-busy={!isLost}>
      <BrandMark />
      <VisuallyHidden>
        <h1>{say('shell.brand')}</h1>
      </VisuallyHidden>
      <p role="status">{isLost ? say('shell.lost') : say('shell.connectingCore')}</p>
    </main>
  );
}
