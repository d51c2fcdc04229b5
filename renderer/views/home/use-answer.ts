import { useCallback, useEffect, useRef, useState } from 'react';
import type { CommandInput, CommandName, CommandOutput, Problem } from '../../../app/contract/index.ts';
import { useApp } from '../../store/hooks.ts';

export type Answer<Value> =
  | { readonly state: 'idle' | 'loading' }
  | { readonly state: 'present'; readonly value: Value }
  | { readonly state: 'failed'; readonly problem: Problem };

/** One answer of the core, asked for by the returned function; a later question makes an earlier one's answer void. */
export function useAnswer<Name extends CommandName>(
  command: Name,
): readonly [Answer<CommandOutput<Name>>, (input: CommandInput<Name>) => void] {
  const { host } = useApp();
  const [answer, setAnswer] = useState<Answer<CommandOutput<Name>>>({ state: 'idle' });
  const question = useRef(0);
  useEffect(
    () => () => {
      question.current = -1;
    },
    [],
  );
  const ask = useCallback(
    (input: CommandInput<Name>) => {
      question.current += 1;
      const own = question.current;
      setAnswer({ state: 'loading' });
      void host.link.call(command, input).then((result) => {
        if (question.current === own) {
          setAnswer(
            result.ok ? { state: 'present', value: result.value } : { state: 'failed', problem: result.problem },
          );
        }
      });
    },
    [host, command],
  );
  return [answer, ask];
}
