import { ShieldCheck } from 'lucide-react';
import { prepareReport } from '../../actions/prepare-report.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { Section } from '../../parts/Section.tsx';
import { WorkProgress } from '../../parts/WorkProgress.tsx';
import { useAnswer, useApp, useMirror } from '../../store/hooks.ts';
import { useWords } from '../../words/words.ts';
import styles from './Diagnostics.module.css';
import { ReportPreview } from './ReportPreview.tsx';

/** A report in three steps: gathered and redacted, shown whole, written where the user says. */
export function ReportPart() {
  const say = useWords();
  const run = useRunAction();
  const answer = useAnswer(useApp().inquiries.report, '');
  const work = useMirror(({ snapshot }) => snapshot?.work ?? null)?.find(
    ({ kind, endedAt }) => kind === 'report' && endedAt === null,
  );
  return (
    <Section title={say('diagnostics.report')} hint={say('diagnostics.reportHint')}>
      {answer?.problem && answer.problem.code !== 'cancelled' ? <ProblemCard problem={answer.problem} /> : null}
      {answer?.value && !answer.isAsking ? (
        <ReportPreview report={answer.value} />
      ) : (
        <Card className={styles.start}>
          {work === undefined ? (
            <>
              <span className={styles.promise}>
                <ShieldCheck className={styles.icon} aria-hidden="true" />
                {say('diagnostics.nothingUploaded')}
              </span>
              <Button icon={prepareReport.icon} disabled={answer?.isAsking ?? false} onClick={() => run(prepareReport)}>
                {say('diagnostics.prepareReport')}
              </Button>
            </>
          ) : (
            <div className={styles.grow}>
              <WorkProgress work={work} />
            </div>
          )}
        </Card>
      )}
    </Section>
  );
}
