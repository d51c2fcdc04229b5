/** Whose part of the time a test's connection took, and which part is to blame. Pure. */
import { answerOf, type Cause, cause, type TestTimes, timeText } from '../../contract/index.ts';
import type { Tested } from '../engine-messages.ts';

/** Milliseconds within which an answer feels immediate (Miller 1968, Nielsen 1993): nothing in there is slow. */
const immediate = 100;

/** A part is to blame alone where it takes longer than all others together. */
const blamed = 0.5;

const parts = ['laptop', 'tunnel', 'dial', 'service'] as const;

/** Null where no connection stood, or it did not go through the tunnel. */
export function timesOf({ times }: Tested): TestTimes | null {
  if (times === undefined) {
    return null;
  }
  const split = {
    laptop: times.laptopMicroseconds / 1000,
    tunnel: times.tunnelMicroseconds / 1000,
    dial: times.dialMicroseconds / 1000,
    service: times.serviceMicroseconds === undefined ? null : times.serviceMicroseconds / 1000,
  };
  const total = parts.reduce((sum, part) => sum + (split[part] ?? 0), 0);
  const slow = total < immediate ? 'nothing' : (parts.find((part) => (split[part] ?? 0) > total * blamed) ?? 'several');
  return { ...split, slow, ...answerOf(verdictOf(split, slow, total)) };
}

function verdictOf(
  split: Pick<TestTimes, (typeof parts)[number]>,
  slow: TestTimes['slow'],
  milliseconds: number,
): Cause {
  const total = timeText(milliseconds);
  const [laptop, tunnel, dial] = [timeText(split.laptop), timeText(split.tunnel), timeText(split.dial)];
  const service = split.service === null ? '–' : timeText(split.service);
  switch (slow) {
    case 'nothing':
      return split.service === null
        ? cause('timesConnected', { total, tunnel })
        : cause('timesQuick', { total, tunnel });
    case 'service':
      return cause('timesService', { service, tunnel, total });
    case 'tunnel':
      return cause('timesTunnel', { tunnel, total, behind: timeText(split.dial + (split.service ?? 0)) });
    case 'dial':
      return cause('timesDial', { dial, tunnel, total });
    case 'laptop':
      return cause('timesLaptop', { laptop, total });
    case 'several':
      return cause('timesSeveral', { total, laptop, tunnel, dial, service });
  }
}
