import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { askedToEnd } from './asked-to-end.ts';

it.each(['SIGINT', 'SIGTERM'])(
  '%s asks once, and a second one does not end the program before it is done',
  async (signal) => {
    const terminal = new EventEmitter();
    const end = askedToEnd(terminal);
    terminal.emit(signal);
    terminal.emit(signal);
    expect(await end.asked).toBe('asked');
    expect(terminal.listenerCount('SIGINT'), 'without a listener the system ends the program').toBe(1);
    expect(terminal.listenerCount('SIGTERM')).toBe(1);
    end.done();
    expect(terminal.eventNames()).toEqual([]);
  },
);
