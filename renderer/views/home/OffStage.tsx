import type { Context, ContextKey, Problem } from '../../../app/contract/index.ts';
import { Tabs } from '../../kit/Tabs.tsx';
import { useApp, useWindow } from '../../store/hooks.ts';
import { nothingOpen } from '../../store/window.ts';
import { useWords } from '../../words/words.ts';
import { PodsTab } from '../pods/PodsTab.tsx';
import { ServicesTab } from '../services/ServicesTab.tsx';
import styles from './ClusterView.module.css';
import { Overview } from './Overview.tsx';

/** Off: what switching it on would change, or the Services as they were listed. */
export function OffStage({
  context,
  chosen,
  last,
}: {
  readonly context: Context;
  readonly chosen: ContextKey;
  readonly last: Problem | null;
}) {
  const say = useWords();
  const app = useApp();
  const isListing = useWindow((state) => state.isListing);
  const list = useWindow((state) => (state.tab === 'pods' ? 'pods' : 'services'));
  return (
    <div className={styles.off}>
      <Tabs
        label={say('home.tabs')}
        value={isListing ? list : 'overview'}
        onChange={(next) =>
          app.window.setState(
            next === 'services' || next === 'pods'
              ? { tab: next, isListing: true }
              : { isListing: false, ...nothingOpen },
          )
        }
        tabs={[
          { value: 'overview', words: say('home.tabOverview') },
          { value: 'services', words: say('home.tabServices') },
          { value: 'pods', words: say('home.tabPods') },
        ]}
      >
        {!isListing ? (
          <Overview context={context} chosen={chosen} last={last} />
        ) : list === 'pods' ? (
          <PodsTab context={chosen} />
        ) : (
          <ServicesTab context={chosen} />
        )}
      </Tabs>
    </div>
  );
}
