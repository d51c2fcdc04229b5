import type { Problem } from './problems.ts';

/** What every command and every port answers: a value, or a problem. Nothing throws across a boundary. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem };

export function success<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

export function failure(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem };
}
