import { FileText, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { Problem, Settings } from '../../../app/contract/index.ts';
import { addKubeconfig } from '../../actions/add-kubeconfig.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { Dialog } from '../../kit/Dialog.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { IconButton } from '../../kit/IconButton.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { Section } from '../../parts/Section.tsx';
import { useApp, useContexts } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { kubeconfigFiles } from './forms.ts';
import styles from './Settings.module.css';

/** The files that contexts come from: those found by themselves, and those that were added. */
export function FileSettings({ settings }: { readonly settings: Settings }) {
  const say = useWords();
  const run = useRunAction();
  const isComing = useContexts((state) => state.state === 'loading');
  const contexts = useContexts((state) => state.contexts);
  const problems = useContexts((state) => state.problems);
  const files = useMemo(() => kubeconfigFiles(settings, contexts), [settings, contexts]);
  const [removing, setRemoving] = useState<string | null>(null);
  return (
    <Section
      id="settings-files"
      title={say('settings.files')}
      hint={say('settings.filesHint')}
      actions={
        <Button size="small" icon={addKubeconfig.icon} onClick={() => run(addKubeconfig)}>
          {say('settings.addKubeconfig')}
        </Button>
      }
    >
      {problems.map((problem) => (
        <ProblemCard key={`${problem.code} ${problem.cause}`} problem={problem} />
      ))}
      <Card className={styles.rows}>
        {files.length > 0 ? null : <p className={styles.none}>{say(isComing ? 'kit.loading' : 'settings.noFiles')}</p>}
        <ul>
          {files.map(({ file, isAdded, contexts: count }) => (
            <li key={file} className={styles.file}>
              <FileText className={styles.icon} aria-hidden="true" />
              <span className={styles.path}>
                <ForeignText text={file} kind="code" />
              </span>
              <Badge>{say('settings.contextCount', { count })}</Badge>
              {isAdded ? (
                <IconButton
                  icon={Trash2}
                  size="small"
                  label={say('settings.removeNamed', { file })}
                  onClick={() => setRemoving(file)}
                />
              ) : (
                <span className={styles.hint}>{say('settings.foundFile')}</span>
              )}
            </li>
          ))}
        </ul>
      </Card>
      <Removal file={removing} onClose={() => setRemoving(null)} />
    </Section>
  );
}

function Removal({ file, onClose }: { readonly file: string | null; readonly onClose: () => void }) {
  const say = useWords();
  const { host, toasts } = useApp();
  const [problem, setProblem] = useState<Problem | null>(null);
  const close = () => {
    setProblem(null);
    onClose();
  };
  const remove = async () => {
    const result = await host.link.call('removeKubeconfig', { file: file ?? '' });
    if (result.ok) {
      toasts.getState().show({ tone: 'fine', text: say('settings.removed', { file: file ?? '' }) });
      close();
    } else {
      setProblem(result.problem);
    }
  };
  return (
    <Dialog
      isOpen={file !== null}
      onClose={close}
      title={say('settings.removeTitle')}
      description={say('settings.removeHint')}
      footer={
        <>
          <Button data-autofocus="" onClick={close}>
            {say('kit.cancel')}
          </Button>
          <Button kind="bad" onClick={() => void remove()}>
            {say('settings.remove')}
          </Button>
        </>
      }
    >
      <ForeignText text={file ?? ''} kind="lines" className={styles.whole} />
      {problem === null ? null : <ProblemCard problem={problem} />}
    </Dialog>
  );
}
