/**
 * A HostLink over anything that carries lines (the preload's bridge, a WebSocket): the contract's client, opened again
 * with growing pauses when it ended. What was watched and subscribed goes on.
 */
import {
  type CoreLink,
  type OpenPipe,
  openClient,
  type Problem,
  problem,
  type Snapshot,
} from '../../app/contract/index.ts';
import type { HostLink, LinkState } from './host.ts';

/** Pauses before the next try, in milliseconds; the last one repeats. */
const pauses = [250, 500, 1000, 2000, 5000];
/** A core that is there says hello at once. */
const helloDeadline = 10_000;

interface Subscription {
  begin(on: CoreLink): void;
  /** Ends it on the link that it began on last. */
  stop(): void;
}

export function lineLink(openPipe: OpenPipe, build = 'window'): HostLink {
  let state: LinkState = { kind: 'connecting' };
  let link: CoreLink | null = null;
  let isOpening = false;
  let attempt = 0;
  let lostSince: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let snapshot: Snapshot | null = null;
  const stateListeners = new Set<(state: LinkState) => void>();
  const snapshotListeners = new Set<(snapshot: Snapshot) => void>();
  const subscriptions = new Set<Subscription>();

  const become = (next: LinkState) => {
    state = next;
    for (const listener of [...stateListeners]) {
      listener(next);
    }
  };

  function open(): void {
    clearTimeout(timer);
    isOpening = true;
    const end = openClient(openPipe, { role: 'window', build }, { greeted: greet, ended: lose });
    if (isOpening && link === null) {
      timer = setTimeout(() => end('the core did not say hello'), helloDeadline);
    }
  }

  function greet(next: CoreLink, coreBuild: string): void {
    clearTimeout(timer);
    isOpening = false;
    link = next;
    attempt = 0;
    lostSince = null;
    next.watch((heard) => {
      snapshot = heard;
      for (const listener of [...snapshotListeners]) {
        listener(heard);
      }
    });
    for (const subscription of subscriptions) {
      subscription.begin(next);
    }
    become({ kind: 'live', build: coreBuild });
  }

  function lose(because: Problem, why: string): void {
    clearTimeout(timer);
    isOpening = false;
    link = null;
    snapshot = null;
    if (because.code === 'core-version') {
      become({ kind: 'other-version', build: because.facts.build ?? '' });
      return;
    }
    const pause = pauses[Math.min(attempt, pauses.length - 1)] ?? 5000;
    attempt += 1;
    lostSince ??= Date.now();
    timer = setTimeout(open, pause);
    become({ kind: 'lost', why, since: lostSince, nextTryAt: Date.now() + pause });
  }

  open();
  return {
    call: async (command, input) => {
      if (link === null) {
        const why = state.kind === 'lost' ? state.why : 'not connected yet';
        return { ok: false, problem: problem('core-unreachable', why) };
      }
      return link.call(command, input);
    },
    watch: (listener) => {
      snapshotListeners.add(listener);
      if (snapshot !== null) {
        listener(snapshot);
      }
      return () => snapshotListeners.delete(listener);
    },
    subscribe: (stream, input, listener, ended) => {
      const subscription: Subscription = {
        begin: (on) => {
          subscription.stop = on.subscribe(stream, input, listener, (because) => {
            // Ended with its link it begins anew with the next one, and nobody hears of it.
            if (link === on && subscriptions.delete(subscription)) {
              ended(because);
            }
          });
        },
        stop: () => {},
      };
      subscriptions.add(subscription);
      if (link !== null) {
        subscription.begin(link);
      }
      return () => {
        subscriptions.delete(subscription);
        subscription.stop();
      };
    },
    watchState: (listener) => {
      stateListeners.add(listener);
      listener(state);
      return () => stateListeners.delete(listener);
    },
    retryNow: () => {
      if (state.kind === 'lost' && !isOpening) {
        open();
      }
    },
  };
}
