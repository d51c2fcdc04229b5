import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { cleanText } from '../../words/clean-text.ts';
import styles from './Diagnostics.module.css';

/** Height of a line in CSS pixels, until one was measured. */
const usualHeight = 18;
/** As long as a file of a report at most is, in characters: what is written is shown. */
const longestLine = 200_000;

/** A file of some hundred thousand characters: only the lines that are seen are drawn. */
export function FileLines({ name, text }: { readonly name: string; readonly text: string }) {
  const box = useRef<HTMLElement>(null);
  const lines = useMemo(() => text.trimEnd().split('\n'), [text]);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => usualHeight,
    overscan: 20,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, the keyboard must get at it
    <section ref={box} className={styles.text} tabIndex={0} aria-label={name}>
      <div className={styles.lines} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <div
            key={key}
            ref={rows.measureElement}
            data-index={index}
            className={styles.line}
            style={{ transform: `translateY(${start}px)` }}
          >
            <span className={styles.number} aria-hidden="true">
              {index + 1}
            </span>
            <bdi className={styles.code}>{cleanText(lines[index] ?? '', longestLine)}</bdi>
          </div>
        ))}
      </div>
    </section>
  );
}
