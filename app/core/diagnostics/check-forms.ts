/** The forms that a check's result has. Pure. */
import { answerOf, type Cause, type Check, type Problem } from '../../contract/index.ts';

export type CheckName = Check['check'];

export function good(check: CheckName, found: Cause, milliseconds: number): Check {
  return { check, state: 'good', ...answerOf(found), milliseconds, problem: null };
}

export function bad(check: CheckName, because: Problem, milliseconds: number): Check {
  return { check, state: 'bad', ...answerOf(because.said ?? because.cause), milliseconds, problem: because };
}

export function notChecked(check: CheckName, because: Cause): Check {
  return { check, state: 'not-checked', ...answerOf(because), milliseconds: 0, problem: null };
}

export function warning(check: CheckName, because: Problem, milliseconds: number): Check {
  return { ...bad(check, because, milliseconds), state: 'warning' };
}
