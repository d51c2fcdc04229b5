import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type OpenPipe, protocolNumber, type Upward } from '../../app/contract/index.ts';
import { sampleSnapshot } from '../preview/samples.ts';
import type { LinkState } from './host.ts';
import { lineLink } from './line-link.ts';

/** The other end of each pipe that was opened, oldest first. */
function farEnd() {
  const pipes: {
    sent: Upward[];
    isClosed: boolean;
    say: (message: unknown) => void;
    end: (why: string) => void;
    open: () => void;
  }[] = [];
  const openPipe: OpenPipe = ({ onOpen, onLine, onClosed }) => {
    const pipe = {
      sent: [] as Upward[],
      isClosed: false,
      say: (message: unknown) => onLine(JSON.stringify(message)),
      end: onClosed,
      open: onOpen,
    };
    pipes.push(pipe);
    return {
      send: (line) => pipe.sent.push(JSON.parse(line) as Upward),
      close: () => {
        pipe.isClosed = true;
      },
    };
  };
  const last = () => {
    const pipe = pipes.at(-1);
    if (pipe === undefined) {
      throw new Error('no pipe was opened');
    }
    return pipe;
  };
  return { openPipe, pipes, last };
}

const hello = { kind: 'hello', hello: { protocol: protocolNumber, build: 'b1', role: 'core' } };

function live() {
  const end = farEnd();
  const link = lineLink(end.openPipe);
  const states: LinkState[] = [];
  link.watchState((state) => states.push(state));
  end.last().open();
  end.last().say(hello);
  return { ...end, link, states };
}

describe('a link of lines', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('says hello, and is live when the core did', () => {
    const { last, states } = live();
    expect(last().sent.map(({ kind }) => kind)).toEqual(['hello', 'watch']);
    expect(states).toEqual([{ kind: 'connecting' }, { kind: 'live', build: 'b1' }]);
  });

  it('does not talk to another protocol, and does not try again', () => {
    const { openPipe, pipes, last } = farEnd();
    const link = lineLink(openPipe);
    last().open();
    last().say({ kind: 'hello', hello: { protocol: 99, build: 'new', role: 'core' } });
    last().end('closed');
    vi.advanceTimersByTime(60_000);
    link.watchState((state) => expect(state).toEqual({ kind: 'other-version', build: 'new' }));
    expect(pipes).toHaveLength(1);
    expect(last().isClosed).toBe(true);
  });

  it('answers a call with the checked value, and a malformed one with a problem', async () => {
    const { link, last } = live();
    const good = link.call('listNamespaces', { context: 'a' });
    last().say({ kind: 'reply', id: 1, ok: true, value: { namespaces: ['x'], complete: true } });
    expect(await good).toEqual({ ok: true, value: { namespaces: ['x'], complete: true } });
    const bad = link.call('listNamespaces', { context: 'a' });
    last().say({ kind: 'reply', id: 2, ok: true, value: { namespaces: 7 } });
    expect(await bad).toMatchObject({ ok: false, problem: { code: 'message-malformed' } });
  });

  it('does not break on what is no document or no message', () => {
    const { link, last } = live();
    const heard = vi.fn();
    link.watch(heard);
    last().say({ kind: 'nonsense' });
    last().say('text');
    last().say({ kind: 'snapshot', snapshot: { revision: 'x' } });
    expect(heard).not.toHaveBeenCalled();
    last().say({ kind: 'snapshot', snapshot: sampleSnapshot });
    expect(heard).toHaveBeenCalledWith(sampleSnapshot);
  });

  it('answers open calls when it is lost, tries again with growing pauses, and goes on with what was watched', async () => {
    const { link, last, pipes, states } = live();
    const items = vi.fn();
    link.subscribe('services', { context: 'a' }, items, () => {});
    const call = link.call('getSettings', {});
    last().end('the core ended');
    expect(await call).toMatchObject({
      ok: false,
      problem: { code: 'core-unreachable', cause: 'the connection to the core ended: the core ended' },
    });
    expect(states.at(-1)).toMatchObject({ kind: 'lost', why: 'the core ended', nextTryAt: Date.now() + 250 });

    vi.advanceTimersByTime(250);
    last().end('refused');
    expect(states.at(-1)).toMatchObject({ kind: 'lost', nextTryAt: Date.now() + 500 });
    vi.advanceTimersByTime(500);
    expect(pipes).toHaveLength(3);
    last().open();
    last().say(hello);
    expect(last().sent.map(({ kind }) => kind)).toEqual(['hello', 'watch', 'subscribe']);
    last().say({ kind: 'item', id: 1, item: { kind: 'all', services: [], problems: [] } });
    expect(items).toHaveBeenCalledOnce();
  });

  it('tries at once when it is asked to', () => {
    const { link, last, pipes } = live();
    last().end('gone');
    link.retryNow();
    link.retryNow();
    expect(pipes).toHaveLength(2);
    vi.advanceTimersByTime(5000);
    expect(pipes).toHaveLength(2);
  });

  it('gives up on a core that opens and says nothing', () => {
    const { openPipe, pipes, last } = farEnd();
    lineLink(openPipe);
    last().open();
    vi.advanceTimersByTime(10_000);
    expect(pipes[0]?.isClosed).toBe(true);
    vi.advanceTimersByTime(250);
    expect(pipes).toHaveLength(2);
  });

  it('ends a subscription silently where the window ends it, and with why where the core does', () => {
    const { link, last } = live();
    const ended = vi.fn();
    const stop = link.subscribe('counters', { context: 'a' }, () => {}, ended);
    stop();
    expect(last().sent.at(-1)).toEqual({ kind: 'unsubscribe', id: 1 });
    link.subscribe('counters', { context: 'a' }, () => {}, ended);
    last().say({ kind: 'streamEnded', id: 2, problem: null });
    expect(ended).toHaveBeenCalledExactlyOnceWith(null);
    last().end('gone');
    expect(ended).toHaveBeenCalledOnce();
  });
});
