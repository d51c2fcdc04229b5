import { type ComponentProps, type FocusEvent, type KeyboardEvent, useLayoutEffect, useRef } from 'react';
import { rowAfterKey } from './row-keys.ts';

const itemsOf = (list: Element): HTMLElement[] => [...list.querySelectorAll<HTMLElement>('[data-roving]')];

/**
 * A list that is one stop of Tab however long it is: arrows, Home, End and page keys move through what is marked
 * `data-roving` in it. The stop is where the keys were last, else what is current, else the first (ARIA APG, roving
 * tabindex).
 */
export function Roving({ onKeyDown, onFocus, ...rest }: ComponentProps<'div'>) {
  const list = useRef<HTMLDivElement>(null);
  const last = useRef<HTMLElement>(null);
  // After every drawing: what is in the list, and what of it is current, changes with it.
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) {
      return;
    }
    const settle = () => {
      const items = itemsOf(element);
      const stop =
        items.find((item) => item === last.current) ??
        items.find((item) => item.hasAttribute('aria-current')) ??
        items[0];
      for (const item of items) {
        item.tabIndex = item === stop ? 0 : -1;
      }
    };
    settle();
    const observer = new MutationObserver(settle);
    observer.observe(element, { childList: true, subtree: true, attributeFilter: ['aria-current'] });
    return () => observer.disconnect();
  }, []);
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementInteractions: the keys are those of the controls in it
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div
      ref={list}
      onFocus={(event: FocusEvent<HTMLDivElement>) => {
        const item = event.target.closest<HTMLElement>('[data-roving]');
        if (item !== null) {
          last.current = item;
          for (const other of itemsOf(event.currentTarget)) {
            other.tabIndex = other === item ? 0 : -1;
          }
        }
        onFocus?.(event);
      }}
      onKeyDown={(event: KeyboardEvent<HTMLDivElement>) => {
        onKeyDown?.(event);
        const items = itemsOf(event.currentTarget);
        const item = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-roving]') : null;
        if (item === null || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) {
          return;
        }
        const next = rowAfterKey(event.key, items.indexOf(item), items.length);
        if (next !== null) {
          event.preventDefault();
          items[next]?.focus();
        }
      }}
      {...rest}
    />
  );
}
