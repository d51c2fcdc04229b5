import { ArrowRight, Languages, TriangleAlert } from 'lucide-react';
import { sayRefusal } from '../../actions/connection.ts';
import { switchLanguage, toggleTheme } from '../../actions/look.ts';
import { useActionContext, useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { IconButton } from '../../kit/IconButton.tsx';
import { SandboxCard } from '../../parts/SandboxCard.tsx';
import { BrandMark } from '../../shell/Brand.tsx';
import { useApp, useMirror, usePlace } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import { HelperStep } from './HelperStep.tsx';
import { KubeconfigStep } from './KubeconfigStep.tsx';
import { Step } from './Step.tsx';
import styles from './Welcome.module.css';

/** The first run: what this does and changes, and the three things that it needs. It may be ended at any time. */
export function WelcomeView() {
  const say = useWords();
  const run = useRunAction();
  const context = useActionContext();
  const { settings } = useApp();
  const { isInSandbox } = usePlace();
  // One button stands out: the next thing to do.
  const isReady = useMirror(({ snapshot }) => snapshot?.helper.state === 'ready');
  const end = async () => {
    const result = await settings.change({ welcomed: true });
    if (!result.ok) {
      sayRefusal(context, result.problem);
    }
  };
  return (
    <main className={styles.welcome} id="content" tabIndex={-1}>
      <header className={styles.top}>
        <span className={styles.brand}>
          <BrandMark />
          {say('shell.brand')}
        </span>
        <span className={styles.look}>
          <IconButton icon={toggleTheme.icon} label={say(toggleTheme.words)} onClick={() => run(toggleTheme)} />
          <Button kind="ghost" icon={Languages} onClick={() => run(switchLanguage)}>
            English / 中文
          </Button>
        </span>
      </header>
      <div className={styles.columns}>
        <div className={styles.story}>
          <h1 className={styles.title}>{say('welcome.title')}</h1>
          <p className={styles.sentence}>{say('welcome.does')}</p>
          <p className={styles.sentence}>{say('welcome.changes')}</p>
          <p className={styles.sentence}>{say('welcome.undone')}</p>
          <div className={styles.warning} role="note">
            <TriangleAlert className={styles.warningIcon} aria-hidden="true" />
            <p>{say('welcome.warning')}</p>
          </div>
        </div>
        <div className={styles.needs}>
          <ol className={styles.steps} aria-label={say('welcome.needs')}>
            <HelperStep />
            <KubeconfigStep />
            {isInSandbox ? null : (
              <Step number={3} title={say('welcome.sandbox')} state="offered">
                <SandboxCard />
              </Step>
            )}
          </ol>
          <div className={styles.end}>
            <span className={styles.later}>{say('welcome.later')}</span>
            <Button kind={isReady ? 'primary' : 'quiet'} onClick={() => void end()}>
              {say('welcome.start')}
              <ArrowRight className={styles.arrow} aria-hidden="true" />
            </Button>
          </div>
        </div>
      </div>
    </main>
  );
}
