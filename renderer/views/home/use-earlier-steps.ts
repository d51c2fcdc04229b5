import { useRef } from 'react';
import type { Connection, StepDone } from '../../../app/contract/index.ts';

const none: readonly StepDone[] = [];

/** The steps that were done when it failed: the state `failed` does not tell them, the ones before it did. Between them it may say `disconnecting`. */
export function useEarlierSteps(connection: Connection | null): readonly StepDone[] {
  const steps = useRef(none);
  if (connection?.phase === 'preparing') {
    steps.current = connection.done;
  } else if (connection === null || connection.phase === 'off' || connection.phase === 'connected') {
    steps.current = none;
  }
  return steps.current;
}
