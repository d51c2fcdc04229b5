/** Exit codes of the CLI, by what went wrong. They are an interface: scripts depend on them (docs/cli.md). */
import { catalogue, isProblemCode, type Problem } from '../../contract/index.ts';

const codeOfArea = {
  usage: 2,
  configuration: 3,
  rights: 4,
  cluster: 5,
  host: 6,
  'data-path': 7,
  internal: 8,
} as const;

/** What a shell expects after Ctrl-C: 128 + SIGINT. */
export const interrupted = 130;

export function exitCodeOf(problem: Problem): number {
  return isProblemCode(problem.code) ? codeOfArea[catalogue[problem.code].area] : codeOfArea.internal;
}
