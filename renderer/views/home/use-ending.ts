import { useRef } from 'react';
import type { Connection } from '../../../app/contract/index.ts';

/** True where one saw it being switched off: then a proof is due that nothing is left. */
export function useEnding(connection: Connection | null): boolean {
  const wasOn = useRef(false);
  const phase = connection?.phase ?? 'off';
  if (phase !== 'off') {
    wasOn.current = phase === 'disconnecting' || phase === 'connected' || phase === 'reconnecting';
  }
  return phase === 'off' && wasOn.current;
}
