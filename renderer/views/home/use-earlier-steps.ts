import { useRef } from 'react';
import type { Connection, StepDone } from '../../../app/contract/index.ts';

const none: readonly StepDone[] = [];

/** The steps that were done when it failed: the state `failed` does not tell them, the one before it did. */
export function useEarlierSteps(connection: Connection | null): readonly StepDone[] {
  const steps = useRef(none);
  if (connection?.phase === 'preparing') {
    steps.current = connection.done;
  } else if (connection?.phase !== 'failed') {
    steps.current = none;
  }
  return steps.current;
}
