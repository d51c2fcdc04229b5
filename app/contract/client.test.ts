import { expect, it } from 'vitest';
import { openClient } from './client.ts';
import type { Problem } from './problems.ts';
import { type CoreLink, protocolNumber, type Upward } from './transport.ts';

/** A client and the core's end of its pipe. */
function opened() {
  const sent: Upward[] = [];
  const ended: Problem[] = [];
  const greeted: CoreLink[] = [];
  let isClosed = false;
  let say: (line: string) => void = () => {};
  let hangUp: (why: string) => void = () => {};
  let open: () => void = () => {};
  openClient(
    ({ onOpen, onLine, onClosed }) => {
      [open, say, hangUp] = [onOpen, onLine, onClosed];
      return {
        send: (line) => sent.push(JSON.parse(line) as Upward),
        close: () => {
          isClosed = true;
        },
      };
    },
    { role: 'test', build: 'b' },
    { greeted: (link) => greeted.push(link), ended: (because) => ended.push(because) },
  );
  open();
  const hello = (protocol = protocolNumber) =>
    say(JSON.stringify({ kind: 'hello', hello: { protocol, build: 'core-build', role: 'core' } }));
  return {
    sent,
    ended,
    greeted,
    hello,
    say: (text: string) => say(text),
    hangUp: (why: string) => hangUp(why),
    isClosed: () => isClosed,
  };
}

function live() {
  const made = opened();
  made.hello();
  return { ...made, link: made.greeted[0] ?? expect.fail() };
}

it.each(['SSH-2.0-OpenSSH_9.2', '{"kind":"snapshot"}', '[]', 'null', ''])('ends on %j before the hello', (line) => {
  const { say, ended, greeted, isClosed } = opened();
  say(line);
  expect([ended.map(({ code }) => code), greeted, isClosed()]).toEqual([['core-unreachable'], [], true]);
});

it('ends where the core speaks another protocol, with its build', () => {
  const { hello, ended } = opened();
  hello(protocolNumber + 1);
  expect(ended).toMatchObject([{ code: 'core-version', facts: { build: 'core-build' } }]);
});

it('hears nothing but the hello before the hello', () => {
  const { say, hello, greeted, ended } = opened();
  say(JSON.stringify({ kind: 'streamEnded', id: 1, problem: null }));
  hello();
  hello();
  expect([greeted.length, ended]).toEqual([1, []]);
});

it.each([
  ['no value', { kind: 'reply', id: 1, ok: true }],
  ['another value', { kind: 'reply', id: 1, ok: true, value: { namespaces: [7], complete: true } }],
  ['a refusal without a problem', { kind: 'reply', id: 1, ok: false }],
  ['a problem of another form', { kind: 'reply', id: 1, ok: false, problem: 'no' }],
  ['no answer at all', { kind: 'reply', id: 1 }],
])('answers a call with a problem where the core answers with %s', async (_, reply) => {
  const { link, say } = live();
  const answer = link.call('listNamespaces', { context: 'a' });
  say(JSON.stringify(reply));
  expect(await answer).toMatchObject({ ok: false, problem: { code: 'message-malformed' } });
});

it.each(['services', 'counters', 'activity'] as const)(
  'ends a stream of %s with a problem at an item of another form',
  (stream) => {
    const { link, say, sent } = live();
    const heard: unknown[] = [];
    const ends: (Problem | null)[] = [];
    link.subscribe(
      stream,
      { context: 'a' } as never,
      (item) => heard.push(item),
      (because) => ends.push(because),
    );
    for (const item of [
      { kind: 'all', services: [{ name: 'x' }] },
      { kind: 'all', services: [], problems: [] },
    ]) {
      say(JSON.stringify({ kind: 'item', id: 1, item }));
    }
    expect(heard).toEqual([]);
    expect(ends).toMatchObject([{ code: 'message-malformed' }]);
    expect(sent.at(-1)).toEqual({ kind: 'unsubscribe', id: 1 });
  },
);

it('tells its end to whoever made it, to calls and to streams, once, and answers later ones at once', async () => {
  const { link, hangUp, ended } = live();
  const ends: (Problem | null)[] = [];
  const subscribe = () =>
    link.subscribe(
      'activity',
      {},
      () => {},
      (because) => ends.push(because),
    );
  subscribe();
  const call = link.call('getSettings', {});
  hangUp('it died');
  hangUp('again');
  expect(await call).toMatchObject({ ok: false, problem: { code: 'core-unreachable' } });
  expect(await link.ended).toBe('it died');
  expect(await link.call('getSettings', {})).toMatchObject({ ok: false });
  subscribe();
  await expect.poll(() => ends.map((because) => because?.code)).toEqual(['core-unreachable', 'core-unreachable']);
  expect(ended).toHaveLength(1);
});
