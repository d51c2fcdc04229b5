/**
 * The order of test files: those that take longest begin, so that no place for a file is idle at the end.
 * Without it vitest begins with the largest, where it has not yet measured them, as in CI.
 */
import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const longest: readonly RegExp[] = [
  /^states-(cluster|trouble|pods)/,
  /^kills-/,
  /^command-line/,
  /^(idle|sleep|reach-laptop|vanishing)/,
  /^refusals-(kubeconfig|others|rights|images)/,
  /^degraded/,
  /^(fault|refusals|leftovers)/,
  /^(differential|placing-refusals|catalogue|logins|hostile-server)/,
];

function rank(specification: TestSpecification): number {
  const found = longest.findIndex((pattern) => pattern.test(basename(specification.moduleId)));
  return found === -1 ? longest.length : found;
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}
