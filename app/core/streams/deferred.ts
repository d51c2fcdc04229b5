/** A subscription to something that is not open yet: it is opened when `ready` settles, unless it was ended before. */
import type { Problem, Result } from '../../contract/index.ts';
import type { Subscription } from './streams.ts';

/** A refusal of `open` is heard by `ended`, as an end after opening is; both at most once. */
export function openWhenReady(
  ready: Promise<unknown>,
  open: (ended: (because: Problem | null) => void) => Result<Subscription>,
  ended: (because: Problem | null) => void,
): Subscription {
  let subscription: Subscription | null = null;
  let isPaused = false;
  let isOver = false;
  const end = (because: Problem | null) => {
    if (!isOver) {
      isOver = true;
      ended(because);
    }
  };
  void ready.then(() => {
    if (isOver) {
      return;
    }
    const opened = open(end);
    if (!opened.ok) {
      end(opened.problem);
      return;
    }
    subscription = opened.value;
    if (isPaused) {
      subscription.pause();
    }
  });
  return {
    end: () => {
      isOver = true;
      subscription?.end();
    },
    pause: () => {
      isPaused = true;
      subscription?.pause();
    },
    resume: () => {
      isPaused = false;
      subscription?.resume();
    },
  };
}
