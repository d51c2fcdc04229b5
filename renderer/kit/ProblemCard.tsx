import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import { createContext, type ReactNode, useContext } from 'react';
import { asTyped, type Fix, type Problem } from '../../app/contract/index.ts';
import { problemWords } from '../words/problem-words.ts';
import { useIntl, useWords } from '../words/words.ts';
import { CodeBlock } from './CodeBlock.tsx';
import { classes } from './classes.ts';
import { ForeignText } from './ForeignText.tsx';
import styles from './ProblemCard.module.css';

/** How commands of ours are typed where the core runs. */
export const InvocationContext = createContext('slipway');

const icons = { error: CircleAlert, warning: TriangleAlert, info: Info } as const;

/** What happened, why, and what to do: commands and texts to copy, and the buttons that the caller gives. */
export function ProblemCard({
  problem,
  title: given,
  actions,
}: {
  readonly problem: Problem;
  /** Instead of the problem's own, where one knows better what it is about. */
  readonly title?: string;
  readonly actions?: ReactNode;
}) {
  const say = useWords();
  const { title: own, cause, fixes } = problemWords(useIntl(), problem);
  const title = given ?? own;
  const Icon = icons[problem.severity];
  const severity = {
    error: say('kit.severityError'),
    warning: say('kit.severityWarning'),
    info: say('kit.severityInfo'),
  }[problem.severity];
  return (
    <section className={classes(styles.card, styles[problem.severity])} aria-label={`${severity}: ${title}`}>
      <header className={styles.header}>
        <Icon className={styles.icon} aria-hidden="true" />
        <h2 className={styles.title}>{title}</h2>
        <code className={styles.code} title={say('kit.code')}>
          <ForeignText text={problem.code} bound={60} />
        </code>
      </header>
      {cause === '' ? null : (
        <p className={styles.cause}>
          <ForeignText text={cause} kind="lines" bound={2000} />
        </p>
      )}
      {fixes.length === 0 ? null : (
        <ul className={styles.fixes} aria-label={say('kit.fixes')}>
          {fixes.map((fix) => (
            <li key={`${fix.kind} ${fix.text}`}>
              <OneFix fix={fix} />
            </li>
          ))}
        </ul>
      )}
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </section>
  );
}

function OneFix({ fix }: { readonly fix: Fix }) {
  const say = useWords();
  const invocation = useContext(InvocationContext);
  if (fix.kind === 'command') {
    return <CodeBlock text={asTyped(fix.text, invocation)} label={say('kit.fixes')} />;
  }
  if (fix.kind === 'copy') {
    return <CodeBlock text={fix.text} label={say('kit.text')} kind="file" />;
  }
  return <ForeignText text={asTyped(fix.text, invocation)} kind="lines" bound={1000} />;
}
