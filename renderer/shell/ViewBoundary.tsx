import { TriangleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { Button } from '../kit/Button.tsx';
import { EmptyState } from '../kit/EmptyState.tsx';
import { useWords } from '../words/words.ts';

/** Keeps a page that breaks from taking the rail and the switch with it. */
export class ViewBoundary extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override render(): ReactNode {
    return this.state.isBroken ? <Broken onRetry={() => this.setState({ isBroken: false })} /> : this.props.children;
  }
}

function Broken({ onRetry }: { readonly onRetry: () => void }) {
  const say = useWords();
  return (
    <EmptyState
      icon={TriangleAlert}
      title={say('shell.viewFailed')}
      actions={<Button onClick={onRetry}>{say('shell.showAgain')}</Button>}
    >
      {say('shell.viewFailedHint')}
    </EmptyState>
  );
}
