/** Work that waits for the next frame, but not for ever: a hidden window has no frames, and what waits must not pile up. */

/** In milliseconds. */
const longestWait = 500;

function nextFrame(callback: () => void): void {
  let isDone = false;
  const once = () => {
    if (!isDone) {
      isDone = true;
      clearTimeout(timer);
      callback();
    }
  };
  const hasFrames = typeof requestAnimationFrame === 'function';
  const timer = setTimeout(once, hasFrames ? longestWait : 0);
  if (hasFrames) {
    requestAnimationFrame(once);
  }
}

/** A nextFrame that calls back at most once in so many milliseconds: what comes faster than one reads is drawn together. */
export function pacedFrames(pace: number): (callback: () => void) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (callback) => {
    const run = () => {
      last = performance.now();
      callback();
    };
    const wait = last + pace - performance.now();
    if (wait > 0) {
      setTimeout(() => nextFrame(run), wait);
    } else {
      nextFrame(run);
    }
  };
}
