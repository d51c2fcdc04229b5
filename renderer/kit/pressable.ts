import type { MouseEventHandler } from 'react';

/**
 * What a button that may not be pressed now is given: it says so, hears no click and keeps the focus. The attribute
 * `disabled` would throw the focus back to the page's start under the fingers of whoever has just pressed it.
 */
export function pressable<Element>(
  isDisabled: boolean,
  onClick: MouseEventHandler<Element> | undefined,
): { readonly 'aria-disabled': true | undefined; readonly onClick: MouseEventHandler<Element> | undefined } {
  return {
    'aria-disabled': isDisabled || undefined,
    // Preventing the click keeps a submit button from submitting, by Enter in a field too.
    onClick: isDisabled ? (event) => event.preventDefault() : onClick,
  };
}
