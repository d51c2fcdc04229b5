import { useEffect } from 'react';
import { keepFocus } from '../kit/focus.ts';

/** Sees to it that the focus is never lost to the page itself: Tab would begin anew. */
export function FocusKeeper() {
  useEffect(() => keepFocus(document), []);
  return null;
}
