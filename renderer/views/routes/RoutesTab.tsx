import { Hammer } from 'lucide-react';
import { EmptyState } from '../../kit/EmptyState.tsx';
import { useWords } from '../../words/words.ts';

/** Body of the tab "Routes and names": ranges and names of the chosen context, by its connection. Scrolls by itself. */
export function RoutesTab() {
  const say = useWords();
  return <EmptyState icon={Hammer} title={say('shell.notBuilt')} />;
}
