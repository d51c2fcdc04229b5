/** What the benchmark of the window runs inside of the page. Each function stands for itself: it is sent as text. */

/** What watchers write down, in milliseconds of the page's own clock. */
export interface Notes {
  /** The first moment when the chosen cluster's switch could be pressed. */
  interactive: number | null;
  /** When the largest message came in, and when rows made of it had been painted. */
  listCame: number | null;
  listPainted: number | null;
  /** Tasks over 50 ms: when they began and how long they took. */
  longTasks: { at: number; took: number }[];
  frames: number[];
}

declare global {
  interface Window {
    notes: Notes;
  }
}

/** Before the page's own scripts. */
export function watch(): void {
  const notes: Notes = { interactive: null, listCame: null, listPainted: null, longTasks: [], frames: [] };
  window.notes = notes;
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      notes.longTasks.push({ at: startTime, took: duration });
    }
  }).observe({ type: 'longtask', buffered: true });
  const large = 1_000_000;
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args: ConstructorParameters<typeof Native>) {
      super(...args);
      this.addEventListener('message', ({ data }) => {
        if (typeof data === 'string' && data.length > large && notes.listCame === null) {
          notes.listCame = performance.now();
        }
      });
    }
  };
  const look = () => {
    const toggle = document.querySelector<HTMLButtonElement>('[role="switch"]');
    if (notes.interactive === null && toggle !== null && !toggle.disabled) {
      notes.interactive = performance.now();
    }
    if (notes.listCame !== null && notes.listPainted === null) {
      if (document.querySelectorAll('[role="grid"] [role="row"]').length > 5) {
        // A task after the frame that has them: they are on the screen.
        requestAnimationFrame(() => setTimeout(() => (notes.listPainted ??= performance.now())));
      }
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
}

/** How long until each key's letter is in the field and its result is painted. */
export async function typeInto(text: string): Promise<number[]> {
  const field = document.querySelector<HTMLInputElement>('[data-primary-search]');
  const status = document.querySelector('[data-services-count]') ?? document.querySelector('footer, [role="status"]');
  if (field === null || status === null) {
    throw new Error('there is no field to type into');
  }
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
  const painted = () => new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const countNow = () => document.querySelector('[role="grid"]')?.getAttribute('aria-rowcount') ?? '';
  const took: number[] = [];
  const steps = [...text].map((_, index) => text.slice(0, index + 1));
  for (const value of [...steps, ...steps.reverse().map((step) => step.slice(0, -1))]) {
    const before = countNow();
    const began = performance.now();
    set?.call(field, value);
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    // The list follows the field when there is time; where its length stays the same, one frame is all.
    for (let frame = 0; frame < 20; frame += 1) {
      await painted();
      if (countNow() !== before) {
        break;
      }
      if (performance.now() - began > 1000) {
        break;
      }
    }
    if (countNow() !== before) {
      took.push(performance.now() - began);
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  return took;
}

/** Scrolls through the list for so long, as a wheel does; answers the times between frames. */
export async function scrollThrough(milliseconds: number): Promise<number[]> {
  const rows = document.querySelector('[role="grid"] [role="row"][aria-rowindex="3"]');
  let scroller = rows?.parentElement ?? null;
  while (scroller !== null && scroller.scrollHeight <= scroller.clientHeight + 1) {
    scroller = scroller.parentElement;
  }
  if (scroller === null) {
    throw new Error('there is nothing to scroll');
  }
  const frames: number[] = [];
  const end = performance.now() + milliseconds;
  let last = performance.now();
  while (performance.now() < end) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    frames.push(now - last);
    last = now;
    scroller.scrollTop += 240;
    if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight) {
      scroller.scrollTop = 0;
    }
  }
  return frames;
}

/** Times between frames while nobody does anything. */
export async function restFor(milliseconds: number): Promise<number[]> {
  const frames: number[] = [];
  const end = performance.now() + milliseconds;
  let last = performance.now();
  while (performance.now() < end) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  return frames;
}
