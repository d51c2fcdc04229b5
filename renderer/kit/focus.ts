/**
 * Where the focus goes when what had it is gone: a dialog that was closed, a page that was left, a row that moved, a
 * button that its own press took away. A browser gives it to the page's body then, and Tab begins anew.
 */

/** Elements that had the focus, newest last; nobody comes back from further away. */
const remembered = 20;

/** What is over the page and has the focus for itself, as long as it is open. */
const overlays =
  '[role="dialog"][data-state="open"], [role="menu"][data-state="open"], [data-radix-popper-content-wrapper]';
/** Where the focus goes where nothing that had it is left. */
const pageContent = '#content';

const fields = 'input, textarea, [contenteditable]';

interface Place {
  readonly element: HTMLElement;
  /** By it the same thing is found where it is drawn anew: a cluster that moved to another group. */
  readonly key: string | null;
  /** In which part of the window: one does not fall from the page into the rail. */
  readonly part: 'overlay' | 'navigation' | 'page';
}

function placeOf(element: HTMLElement): Place {
  return {
    element,
    key: element.dataset.focusKey ?? null,
    part: element.closest(overlays) !== null ? 'overlay' : element.closest('nav') !== null ? 'navigation' : 'page',
  };
}

/** A tab opens when it is given the focus: only the one that is open may have it back. */
const unopened = '[role="tab"][aria-selected="false"]';

function canTakeFocus({ element }: Place): boolean {
  return element.isConnected && !element.matches(`:disabled, ${unopened}`) && element.getClientRects().length > 0;
}

/** Watches a page until what is answered is called. */
export function keepFocus(page: Document): () => void {
  let places: readonly Place[] = [];
  let isHeld = false;
  const isNowhere = () => page.activeElement === page.body || page.activeElement === null;

  const remember = ({ target }: FocusEvent) => {
    if (target instanceof HTMLElement && target !== page.body) {
      isHeld = true;
      places = [...places.slice(1 - remembered), placeOf(target)];
    }
  };
  /** Whoever presses beside everything has put the focus away, and it is not brought back. */
  const putAway = () => {
    const last = places.at(-1);
    if (isNowhere() && last !== undefined && canTakeFocus(last)) {
      isHeld = false;
    }
  };
  const look = () => {
    const last = places.at(-1);
    if (isHeld && isNowhere() && last !== undefined && !canTakeFocus(last)) {
      successor(page, places)?.focus({ preventScroll: true });
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(page.body, { childList: true, subtree: true, attributeFilter: ['disabled', 'hidden'] });
  page.addEventListener('focusin', remember);
  page.addEventListener('click', putAway);
  return () => {
    observer.disconnect();
    page.removeEventListener('focusin', remember);
    page.removeEventListener('click', putAway);
  };
}

/**
 * Within an overlay that is open, what had the focus before in it. Else what had it before an overlay that was closed,
 * the same thing drawn anew, the last place in that part of the window, and at last the page's content.
 */
function successor(page: Document, places: readonly Place[]): HTMLElement | null {
  const open = [...page.querySelectorAll<HTMLElement>(overlays)].at(-1);
  if (open !== undefined) {
    const inside = places.findLast((place) => canTakeFocus(place) && open.contains(place.element));
    return inside?.element ?? open;
  }
  const before = places.findLast(({ part }) => part !== 'overlay');
  if (before === undefined || canTakeFocus(before)) {
    return before?.element ?? page.querySelector<HTMLElement>(pageContent);
  }
  const again =
    before.key === null ? null : page.querySelector<HTMLElement>(`[data-focus-key="${CSS.escape(before.key)}"]`);
  return (
    again ??
    // Not a field: the next letter is meant as a key, and would be text there.
    places.findLast((place) => place.part === before.part && canTakeFocus(place) && !place.element.matches(fields))
      ?.element ??
    page.querySelector<HTMLElement>(pageContent)
  );
}
