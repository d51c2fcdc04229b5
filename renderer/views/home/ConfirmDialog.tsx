import { useState } from 'react';
import type { Context, Problem } from '../../../app/contract/index.ts';
import { connectContext } from '../../actions/connection.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { Dialog } from '../../kit/Dialog.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { useContexts, useWindow } from '../../store/hooks.ts';
import { findContext } from '../../store/listings.ts';
import { useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';
import { ContextFacts } from './ContextFacts.tsx';

/** Before a context is used for the first time, and again when what it says changed: what it says. */
export function ConfirmDialog() {
  const confirming = useWindow((state) => state.confirming);
  const context = useContexts((state) => findContext(state.contexts, confirming));
  return context === null ? null : <Question key={context.digest} context={context} />;
}

function Question({ context }: { readonly context: Context }) {
  const say = useWords();
  const actions = useActionContext();
  const { app } = actions;
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const close = () => app.window.setState({ confirming: null });
  const confirm = async () => {
    setBusy(true);
    const { name, file, digest } = context;
    const result = await app.host.link.call('confirmContext', { context: name, file, digest });
    setBusy(false);
    if (!result.ok) {
      setProblem(result.problem);
      return;
    }
    close();
    const plugin = context.execPlugin === null ? null : { ...context.execPlugin, trusted: true };
    await connectContext(actions, { ...context, confirmed: true, execPlugin: plugin });
  };
  const isChanged = context.changes.length > 0;
  return (
    <Dialog
      isOpen
      onClose={close}
      size={isChanged || context.execPlugin !== null ? 'wide' : 'normal'}
      title={
        isChanged
          ? say('home.confirmChanged')
          : context.lastUsedAt === null && !context.confirmedEarlier
            ? say('home.confirmFirst')
            : say('home.confirmAsIs')
      }
      description={
        context.execPlugin === null
          ? say('home.confirmHint', { name: context.name })
          : say('home.confirmPlugin', { name: context.name })
      }
      footer={
        <>
          <Button onClick={close}>{say('kit.cancel')}</Button>
          <Button
            kind="primary"
            {...(isChanged ? {} : { 'data-autofocus': '' })}
            disabled={isBusy}
            onClick={() => void confirm()}
          >
            {say('home.confirmAndConnect')}
          </Button>
        </>
      }
    >
      <div className={styles.stack}>
        <ContextFacts context={context} />
        <p className={styles.second}>{say('home.confirmWarning')}</p>
        {problem === null ? null : <ProblemCard problem={problem} />}
      </div>
    </Dialog>
  );
}
