import { FileText } from 'lucide-react';
import { useState } from 'react';
import type { Report } from '../../../app/contract/index.ts';
import { prepareReport } from '../../actions/prepare-report.ts';
import { useRunAction } from '../../actions/use-action.ts';
import { writeReport } from '../../actions/write-report.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { Card } from '../../kit/Card.tsx';
import { CopyButton } from '../../kit/CopyButton.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { useAnswer, useApp } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './Diagnostics.module.css';
import { FileLines } from './FileLines.tsx';

type Redaction = keyof Report['redactions'];

const redactionWords: Readonly<Record<Redaction, WordId>> = {
  token: 'diagnostics.redacted.token',
  address: 'diagnostics.redacted.address',
  cluster: 'diagnostics.redacted.cluster',
  home: 'diagnostics.redacted.home',
  user: 'diagnostics.redacted.user',
};

/** Every file as it will be written, and what was taken out of them. */
export function ReportPreview({ report }: { readonly report: Report }) {
  const say = useWords();
  const format = useFormat();
  const run = useRunAction();
  const { inquiries } = useApp();
  const [name, setName] = useState(report.files[0]?.name ?? '');
  const written = useAnswer(inquiries.written, report.id);
  const file = report.files.find((one) => one.name === name) ?? report.files[0];
  const counts = (Object.keys(redactionWords) as Redaction[]).map((kind) => [kind, report.redactions[kind]] as const);
  return (
    <Card className={styles.report}>
      <div className={styles.counts}>
        {counts.map(([kind, count]) => (
          <Badge key={kind} tone={count > 0 ? 'fine' : 'plain'}>
            {say(redactionWords[kind], { count })}
          </Badge>
        ))}
      </div>
      <div className={styles.files}>
        <ul className={styles.names} aria-label={say('diagnostics.files')}>
          {report.files.map((one) => (
            <li key={one.name}>
              <button
                type="button"
                className={styles.file}
                aria-current={one.name === file?.name ? 'true' : undefined}
                onClick={() => setName(one.name)}
              >
                <FileText className={styles.icon} aria-hidden="true" />
                <span className={styles.fileName}>
                  <ForeignText text={one.name} />
                </span>
                <span className={styles.size}>{format.bytes(one.bytes)}</span>
              </button>
            </li>
          ))}
        </ul>
        {file === undefined ? null : <FileLines key={file.name} name={file.name} text={file.text} />}
      </div>
      {written?.problem ? (
        <div className={styles.outcome}>
          <ProblemCard problem={written.problem} />
        </div>
      ) : null}
      {written?.value ? (
        <div className={styles.written} role="status">
          <span className={styles.done}>
            <Badge tone="fine">{say('diagnostics.written')}</Badge>
          </span>
          <span className={styles.path}>
            <ForeignText text={written.value.path} kind="code" bound={1000} />
          </span>
          <CopyButton text={written.value.path} name={say('diagnostics.path')} />
        </div>
      ) : null}
      <div className={styles.end}>
        <span className={styles.promise}>{say('diagnostics.asShown')}</span>
        <Button kind="ghost" onClick={() => inquiries.report.forget()}>
          {say('diagnostics.discard')}
        </Button>
        <Button icon={prepareReport.icon} onClick={() => run(prepareReport)}>
          {say('diagnostics.prepareAgain')}
        </Button>
        <Button
          kind="primary"
          icon={writeReport.icon}
          disabled={written?.isAsking ?? false}
          onClick={() => run(writeReport)}
        >
          {say('diagnostics.writeReport')}
        </Button>
      </div>
    </Card>
  );
}
