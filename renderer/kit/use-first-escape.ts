import { type RefObject, useLayoutEffect } from 'react';

const fields = 'input, textarea, [contenteditable]';

/**
 * Escape with the focus inside of `content` calls `onEscape`, and nothing else has it. Radix learns only after it was drawn that a
 * layer is above another: until then the one below takes an Escape that was meant for this one. Fields have their own use for it.
 */
export function useFirstEscape(content: RefObject<HTMLElement | null>, isOpen: boolean, onEscape: () => void): void {
  useLayoutEffect(() => {
    if (!isOpen) {
      return;
    }
    const press = (event: KeyboardEvent) => {
      const { target } = event;
      if (
        event.key === 'Escape' &&
        target instanceof Element &&
        !target.matches(fields) &&
        content.current?.contains(target)
      ) {
        event.preventDefault();
        event.stopImmediatePropagation();
        onEscape();
      }
    };
    // Before Radix, which listens at the document.
    window.addEventListener('keydown', press, { capture: true });
    return () => window.removeEventListener('keydown', press, { capture: true });
  }, [content, isOpen, onEscape]);
}
