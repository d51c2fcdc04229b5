/** Several reasons to end one request. */

export interface AnySignal {
  readonly signal: AbortSignal;
  /** The request is over. */
  release(): void;
}

/**
 * As AbortSignal.any, but what it leaves in its sources goes with the request: that one keeps some 450 bytes in each source
 * for as long as the source lives (measured on Node 22), and a connection's own signal lives as long as the core may.
 */
export function anySignal(sources: readonly AbortSignal[]): AnySignal {
  const ending = new AbortController();
  const release = () => {
    for (const source of sources) {
      source.removeEventListener('abort', end);
    }
  };
  function end(this: AbortSignal): void {
    release();
    ending.abort(this.reason);
  }
  for (const source of sources) {
    if (source.aborted) {
      release();
      ending.abort(source.reason);
      break;
    }
    source.addEventListener('abort', end, { once: true });
  }
  return { signal: ending.signal, release };
}
