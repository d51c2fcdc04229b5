import type { Context, ContextKey, Problem } from '../../../app/contract/index.ts';
import { Tabs } from '../../kit/Tabs.tsx';
import { useApp, useWindow } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
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
  return (
    <div className={styles.off}>
      <Tabs
        label={say('home.tabs')}
        value={isListing ? 'services' : 'overview'}
        onChange={(next) =>
          app.window.setState(
            next === 'services' ? { tab: 'services', isListing: true } : { isListing: false, service: null },
          )
        }
        tabs={[
          { value: 'overview', words: say('home.tabOverview') },
          { value: 'services', words: say('home.tabServices') },
        ]}
      >
        {isListing ? <ServicesTab context={chosen} /> : <Overview context={context} chosen={chosen} last={last} />}
      </Tabs>
    </div>
  );
}
