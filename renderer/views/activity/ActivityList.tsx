import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import type { ActivityEntry } from '../../../app/contract/index.ts';
import { useCopy } from '../../kit/copying.ts';
import { rowAfterKey } from '../../kit/row-keys.ts';
import { useApp } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useIntl, useWords } from '../../words/words.ts';
import styles from './Activity.module.css';
import { EntryRow } from './EntryRow.tsx';
import { dayWords, entriesText, groupedByDay } from './entry-words.ts';

/** Heights in CSS pixels until a row was measured. */
const usualDay = 40;
const usualEntry = 40;

/** The entries under their days; only those that are seen are drawn. Arrows move, Enter opens, C copies. */
export function ActivityList({ entries }: { readonly entries: readonly ActivityEntry[] }) {
  const say = useWords();
  const intl = useIntl();
  const format = useFormat();
  const copy = useCopy();
  const { toasts } = useApp();
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => groupedByDay(entries), [entries]);
  const places = useMemo(() => rows.flatMap((row, index) => (row.kind === 'entry' ? [index] : [])), [rows]);
  const [activeKey, setActive] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => (rows[index]?.kind === 'day' ? usualDay : usualEntry),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 12,
  });
  const activePlace = places.findIndex((index) => rows[index]?.key === activeKey);
  const active = activePlace < 0 ? null : (rows[places[activePlace] ?? -1] ?? null);
  const toggle = (key: string) =>
    setOpen((old) => (old.has(key) ? new Set([...old].filter((one) => one !== key)) : new Set([...old, key])));
  const press = async (event: KeyboardEvent) => {
    const next = rowAfterKey(event.key, activePlace, places.length);
    const index = next === null ? undefined : places[next];
    if (index !== undefined) {
      event.preventDefault();
      setActive(rows[index]?.key ?? '');
      list.scrollToIndex(index);
    } else if (event.target === event.currentTarget && active?.kind === 'entry') {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        toggle(active.key);
      } else if (event.key.toLowerCase() === 'c' && !event.ctrlKey && !event.metaKey) {
        const isCopied = await copy(entriesText(intl, [active.entry]));
        toasts
          .getState()
          .show({ tone: isCopied ? 'fine' : 'bad', text: say(isCopied ? 'kit.copied' : 'kit.copyFailed') });
      }
    }
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtualised table cannot be made of table elements
    <div
      ref={box}
      role="grid"
      aria-label={say('shell.activity')}
      aria-rowcount={rows.length}
      aria-activedescendant={active === null ? undefined : `activity ${active.key}`.replaceAll(' ', '-')}
      tabIndex={0}
      className={styles.list}
      onKeyDown={(event) => void press(event)}
      onFocus={() => (activeKey === '' ? setActive(rows[places[0] ?? -1]?.key ?? '') : undefined)}
    >
      <div className={styles.inner} role="presentation" style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index];
          return row === undefined ? null : (
            <div
              key={key}
              ref={list.measureElement}
              data-index={index}
              role="presentation"
              className={styles.place}
              style={{ transform: `translateY(${start}px)` }}
            >
              {row.kind === 'day' ? (
                // biome-ignore lint/a11y/useSemanticElements: see above
                // biome-ignore lint/a11y/useFocusableInteractive: it only names a day
                <div role="row" aria-rowindex={index + 1} className={styles.day}>
                  {/* biome-ignore lint/a11y/useSemanticElements: see above */}
                  {/* biome-ignore lint/a11y/useFocusableInteractive: it only names a day */}
                  <div role="rowheader">
                    <h2>{dayWords(say, format, row.at, Date.now())}</h2>
                  </div>
                  <span className={styles.dayCount}>{say('activity.ofDay', { count: row.count })}</span>
                </div>
              ) : (
                <EntryRow
                  entry={row.entry}
                  id={`activity ${row.key}`.replaceAll(' ', '-')}
                  index={index + 1}
                  isActive={row.key === activeKey}
                  isOpen={open.has(row.key)}
                  onToggle={() => {
                    setActive(row.key);
                    toggle(row.key);
                  }}
                />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
