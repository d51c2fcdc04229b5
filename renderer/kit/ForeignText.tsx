import { cleanLines, cleanText, usualBound } from '../words/clean-text.ts';
import { classes } from './classes.ts';
import styles from './ForeignText.module.css';

/**
 * Text of a cluster, of a kubeconfig or of another program: cleaned, bounded, in a direction of its own. The way to
 * show any such text.
 */
export function ForeignText({
  text,
  bound = usualBound,
  kind = 'line',
  className,
}: {
  readonly text: string;
  readonly bound?: number;
  /** line: one line, cut with an ellipsis and whole in the title; code: the same in the code font; lines: as it is. */
  readonly kind?: 'line' | 'code' | 'lines';
  readonly className?: string | undefined;
}) {
  if (kind === 'lines') {
    return <bdi className={classes(styles.lines, className)}>{cleanLines(text, bound)}</bdi>;
  }
  const clean = cleanText(text, bound);
  return (
    <bdi className={classes(styles.line, kind === 'code' && styles.code, className)} title={clean}>
      {clean}
    </bdi>
  );
}
