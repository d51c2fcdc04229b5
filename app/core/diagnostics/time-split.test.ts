import { describe, expect, it } from 'vitest';
import { timeText } from '../../contract/index.ts';
import { timesOf } from './time-split.ts';

const ms = 1000;
const split = (laptop: number, tunnel: number, dial: number, service?: number) =>
  timesOf({
    id: 1,
    steps: [],
    times: {
      laptopMicroseconds: laptop * ms,
      tunnelMicroseconds: tunnel * ms,
      dialMicroseconds: dial * ms,
      ...(service === undefined ? {} : { serviceMicroseconds: service * ms }),
    },
  });

describe('the times of a test', () => {
  it.each([
    ['all in an instant', split(0.3, 1.8, 0.8, 2.6), 'nothing', /^5.5 ms until the first byte.* 1.8 ms of it/],
    ['a port that is asked nothing', split(0.3, 1.8, 0.8), 'nothing', /^connected within 2.9 ms, 1.8 ms of it/],
    [
      'a slow service behind a usual tunnel',
      split(1, 41, 2, 1860),
      'service',
      /^the service itself is slow: 1.86 s .* takes 41 ms of 1.90 s$/,
    ],
    ['a slow tunnel', split(1, 640, 2, 12), 'tunnel', /^the tunnel is slow: it takes 640 ms of 655 ms; .* 14 ms$/],
    ['a dial that had to be repeated', split(1, 41, 1003, 5), 'dial', /the agent waits 1.00 s of 1.05 s/],
    ['a dial of a port that is asked nothing', split(1, 41, 1003), 'dial', /the agent waits 1.00 s of 1.04 s/],
    ['a laptop without a moment', split(900, 41, 3, 5), 'laptop', /^this computer is slow: 900 ms of 949 ms/],
    [
      'several',
      split(40, 60, 30, 50),
      'several',
      /computer takes 40 ms, the tunnel 60 ms, .* 30 ms, the service 50 ms$/,
    ],
  ])('tell %s', (_, times, slow, words) => {
    expect(times?.slow).toBe(slow);
    expect(times?.answer).toMatch(words);
    expect(times?.said).not.toBeNull();
  });

  it('are none where no connection stood', () => {
    expect(timesOf({ id: 1, steps: [] })).toBeNull();
  });

  it.each([
    [0, '0.0 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [61_234, '61.23 s'],
  ])('say %d milliseconds as %s', (milliseconds, text) => {
    expect(timeText(milliseconds)).toBe(text);
  });
});
