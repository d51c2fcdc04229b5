import { Hammer } from 'lucide-react';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { Page } from '../../shell/Page.tsx';
import { useWords } from '../../words/words.ts';

export function ActivityView() {
  const say = useWords();
  return (
    <Page title={say('shell.activity')}>
      <EmptyState icon={Hammer} title={say('shell.notBuilt')} />
    </Page>
  );
}
