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
  cut = 'end',
  marked = [],
  title,
  className,
}: {
  readonly text: string;
  readonly bound?: number;
  /** line: one line, cut with an ellipsis and whole in the title; code: the same in the code font; lines: as it is. */
  readonly kind?: 'line' | 'code' | 'lines';
  /** Where a line that is too long is cut: at its start where its end tells it from others. */
  readonly cut?: 'start' | 'end';
  /** What was searched for, in lower case: shown where it is. */
  readonly marked?: readonly string[];
  /** What the line is short for, for its title. */
  readonly title?: string | undefined;
  readonly className?: string | undefined;
}) {
  if (kind === 'lines') {
    return <bdi className={classes(styles.lines, className)}>{cleanLines(text, bound)}</bdi>;
  }
  const clean = cleanText(text, bound);
  const words = marked.length === 0 ? clean : <Marked text={clean} marked={marked} />;
  const shape = classes(styles.line, kind === 'code' && styles.code, cut === 'start' && styles.fromEnd, className);
  return (
    <bdi className={shape} title={title === undefined ? clean : cleanText(title, bound)}>
      {cut === 'start' ? <bdi>{words}</bdi> : words}
    </bdi>
  );
}

/** The text with every place at which one of the words stands. */
function Marked({ text, marked }: { readonly text: string; readonly marked: readonly string[] }) {
  return partsOf(text, marked).map(({ at, part, isMarked }) =>
    isMarked ? (
      <mark key={at} className={styles.mark}>
        {part}
      </mark>
    ) : (
      part
    ),
  );
}

interface Part {
  readonly at: number;
  readonly part: string;
  readonly isMarked: boolean;
}

/** The text cut before and behind each of the words, which are in lower case; of words that begin at one place the longest. */
export function partsOf(text: string, marked: readonly string[]): readonly Part[] {
  const lower = text.toLowerCase();
  // A letter whose lower case has another length would shift what follows.
  const words = lower.length === text.length ? marked.filter((word) => word !== '') : [];
  const parts: Part[] = [];
  let from = 0;
  for (;;) {
    const next = words
      .map((word) => ({ at: lower.indexOf(word, from), length: word.length }))
      .filter(({ at }) => at >= 0)
      .sort((left, right) => left.at - right.at || right.length - left.length)[0];
    if (next === undefined) {
      break;
    }
    if (next.at > from) {
      parts.push({ at: from, part: text.slice(from, next.at), isMarked: false });
    }
    from = next.at + next.length;
    parts.push({ at: next.at, part: text.slice(next.at, from), isMarked: true });
  }
  return from < text.length ? [...parts, { at: from, part: text.slice(from), isMarked: false }] : parts;
}
