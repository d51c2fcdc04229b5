/** Something that keeps the sandbox from working, told so that the reader can act on it. */
export interface SandboxProblem {
  code: SandboxProblemCode;
  cause: string;
  fix: string;
}

export type SandboxProblemCode =
  | 'sandbox-not-linux'
  | 'sandbox-architecture'
  | 'sandbox-not-root'
  | 'sandbox-tool-missing'
  | 'sandbox-cgroups-unusable'
  | 'sandbox-kernel-feature-missing'
  | 'sandbox-no-tun'
  | 'sandbox-folder-hidden'
  | 'sandbox-lan-collides'
  | 'sandbox-disk-full'
  | 'sandbox-watchers-exhausted'
  | 'sandbox-option-invalid'
  | 'sandbox-options-differ'
  | 'sandbox-not-up'
  | 'sandbox-build-failed'
  | 'sandbox-packages-unavailable'
  | 'sandbox-packages-untrusted'
  | 'sandbox-component-failed';

/** The error that every function of the sandbox throws for a SandboxProblem. */
export class SandboxFailure extends Error {
  readonly problem: SandboxProblem;

  constructor(problem: SandboxProblem) {
    super(`${problem.cause} ${problem.fix}`);
    this.name = 'SandboxFailure';
    this.problem = problem;
  }
}
