import type { Problem } from '../contract/index.ts';

/** Carries a problem through code that is not ours. Caught at the adapters' edge, where it becomes a result again. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.cause}`);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}
