import { ArrowDown, ArrowUp } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { useWords } from '../words/words.ts';
import { classes } from './classes.ts';
import styles from './Table.module.css';

/**
 * Pieces of a table drawn as a grid: with elements of a table a virtualised body could not keep its columns. The
 * caller's class gives `--columns` (grid-template-columns); rows say their index where only some are drawn.
 */
export function Table({
  label,
  rowCount,
  columnCount,
  className,
  children,
  ...rest
}: ComponentProps<'div'> & { readonly label: string; readonly rowCount: number; readonly columnCount: number }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    <div
      role="grid"
      aria-label={label}
      aria-rowcount={rowCount}
      aria-colcount={columnCount}
      className={classes(styles.table, className)}
      {...rest}
    >
      {children}
    </div>
  );
}

export function TableHead({ children }: { readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see Table
    // biome-ignore lint/a11y/useFocusableInteractive: its buttons take the focus
    <div role="row" aria-rowindex={1} className={classes(styles.row, styles.head)}>
      {children}
    </div>
  );
}

/** A column's name; with `onSort` a button that sorts by it. */
export function HeaderCell({
  children,
  sorted = 'none',
  onSort,
}: {
  readonly children: ReactNode;
  readonly sorted?: 'none' | 'ascending' | 'descending';
  readonly onSort?: (() => void) | undefined;
}) {
  const say = useWords();
  const Arrow = sorted === 'descending' ? ArrowDown : ArrowUp;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see Table
    // biome-ignore lint/a11y/useFocusableInteractive: its button takes the focus
    <div role="columnheader" aria-sort={onSort === undefined ? undefined : sorted} className={styles.headerCell}>
      {onSort === undefined ? (
        children
      ) : (
        <button type="button" className={styles.sort} onClick={onSort}>
          {children}
          {sorted === 'none' ? null : (
            <Arrow
              className={styles.arrow}
              aria-label={sorted === 'ascending' ? say('kit.sortedUp') : say('kit.sortedDown')}
            />
          )}
        </button>
      )}
    </div>
  );
}

export interface TableRowProps extends ComponentProps<'div'> {
  /** From 2 on: the head is row 1. */
  readonly index: number;
  readonly isChosen?: boolean;
  /** Where the keys are. */
  readonly isActive?: boolean;
  readonly isCompact?: boolean;
}

export function TableRow({
  index,
  isChosen = false,
  isActive = false,
  isCompact = false,
  className,
  children,
  ...rest
}: TableRowProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see Table
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index}
      aria-selected={isChosen}
      data-active={isActive}
      className={classes(styles.row, styles.body, isCompact && styles.compact, className)}
      {...rest}
    >
      {children}
    </div>
  );
}

export function TableCell({
  kind = 'plain',
  children,
}: {
  readonly kind?: 'plain' | 'strong' | 'second' | 'code' | 'number' | 'end';
  readonly children?: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see Table
    // biome-ignore lint/a11y/useFocusableInteractive: the row takes the focus
    <div role="gridcell" className={classes(styles.cell, styles[kind])}>
      {children}
    </div>
  );
}
