import { describe, expect, it } from 'vitest';
import { problemFromWire, readEngineEvent } from './engine-messages.ts';

describe('readEngineEvent', () => {
  it('takes a null slice of Go as empty', () => {
    const read = readEngineEvent({
      event: 'names',
      names: { mode: 'off', resolver: '', domains: null, search: null, upstreams: null },
    });
    expect(read).toMatchObject({ ok: true, value: { names: { domains: [], search: [], upstreams: [], refused: [] } } });
  });

  it('ignores fields and events of a newer engine', () => {
    expect(readEngineEvent({ event: 'stopped', stopped: { leftOver: 0, later: 1 }, more: 2 })).toEqual({
      ok: true,
      value: { event: 'stopped', stopped: { leftOver: 0 } },
    });
    expect(readEngineEvent({ event: 'teleported', teleported: {} })).toEqual({ ok: true, value: null });
  });

  it.each([null, 7, [], {}, { event: 'stopped' }, { event: 'tunnel', tunnel: { state: 'sideways', path: '' } }])(
    'refuses %j without showing its values',
    (document) => {
      expect(readEngineEvent(document)).toMatchObject({ ok: false, problem: { code: 'message-malformed' } });
    },
  );
});

describe('problemFromWire', () => {
  it('fills the text from the facts', () => {
    const facts = { prefix: '10.96.0.0/16', conflict: '10.96.4.0/24', interface: 'eth0' };
    expect(problemFromWire({ code: 'route-refused', cause: 'collides', facts }).title).toBe(
      'The range 10.96.0.0/16 collides with 10.96.4.0/24 on eth0',
    );
  });

  it('keeps the words of a code that it does not know', () => {
    expect(problemFromWire({ code: 'from-the-future', cause: 'because' })).toMatchObject({
      code: 'internal',
      cause: 'from-the-future: because',
    });
  });
});
