import { useEffect } from 'react';
import { keyText } from '../../../app/contract/index.ts';
import { runChecks } from '../../actions/run-checks.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { Page } from '../../shell/Page.tsx';
import { useAnswer, useApp, useMirror, useShortName, useWindow } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords } from '../../words/words.ts';
import { Checks } from './Checks.tsx';
import styles from './Diagnostics.module.css';
import { Explain } from './Explain.tsx';
import { ReportPart } from './ReportPart.tsx';

/** The checks behind `slipway doctor`, and the report for somebody who helps. */
export function DiagnosticsView() {
  const say = useWords();
  const format = useFormat();
  const run = useRunAction();
  const chosen = useWindow((state) => state.chosen);
  const shortName = useShortName();
  const subject = chosen === null ? '' : keyText(chosen);
  const answer = useAnswer(useApp().inquiries.checks, subject);
  const isHelperReady = useMirror(({ snapshot }) => snapshot?.helper.state === 'ready');
  const isLive = useMirror(({ link }) => link.kind === 'live');
  const isAsked = answer !== null;
  // By itself only where nobody is asked for a password by it.
  useEffect(() => {
    if (!isAsked && isHelperReady && isLive) {
      run(runChecks);
    }
  }, [isAsked, isHelperReady, isLive, run]);
  return (
    <Page
      title={say('shell.diagnostics')}
      subtitle={
        chosen === null ? (
          say('diagnostics.ofComputer')
        ) : (
          <span className={styles.subject}>
            {say('diagnostics.of')} <ForeignText text={shortName(chosen.context)} title={chosen.context} />
            {answer !== null && answer.at > 0
              ? ` · ${say('diagnostics.ranAt', { time: format.clock(answer.at) })}`
              : null}
          </span>
        )
      }
      actions={
        <Button
          kind={answer === null ? 'primary' : 'quiet'}
          icon={runChecks.icon}
          disabled={answer?.isAsking ?? false}
          onClick={() => run(runChecks)}
        >
          {answer?.isAsking
            ? say('diagnostics.running')
            : answer === null
              ? say('diagnostics.runChecks')
              : say('diagnostics.runAgain')}
        </Button>
      }
    >
      <div className={styles.groups}>
        <Explain subject={subject} />
        <Checks subject={subject} />
        <ReportPart />
      </div>
    </Page>
  );
}
