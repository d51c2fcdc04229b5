import { Hammer } from 'lucide-react';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { Page } from '../../shell/Page.tsx';
import { useWords } from '../../words/words.ts';

export function AboutView() {
  const say = useWords();
  return (
    <Page title={say('shell.about')}>
      <EmptyState icon={Hammer} title={say('shell.notBuilt')} />
    </Page>
  );
}
