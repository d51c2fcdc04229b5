/** What steps of an explanation say. Pure. */
import { answerOf, type Cause, cause } from '../../contract/index.ts';
import type { Surroundings } from './explain.ts';

/** Addresses by comma, empty where none was answered. Of no resolver: what the laptop's own lookup says. */
export function answeredBy(resolver: string, addresses: string): Cause {
  if (resolver === '') {
    return addresses === '' ? cause('explainNoAnswerHere') : cause('explainAnswersHere', { addresses });
  }
  return addresses === '' ? cause('explainNoAnswer', { resolver }) : cause('explainAnswers', { resolver, addresses });
}

export function wayThrough({ path, roundTripMicroseconds }: Pick<Surroundings, 'path' | 'roundTripMicroseconds'>) {
  const milliseconds = (roundTripMicroseconds / 1000).toFixed(1);
  return answerOf(cause(path === 'direct' ? 'explainTunnelDirect' : 'explainTunnel', { milliseconds }));
}
