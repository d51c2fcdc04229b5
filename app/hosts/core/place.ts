import type { Place } from '../../contract/index.ts';
import { invocationOf } from '../cli/invocation.ts';
import { documents, launcher } from '../installation.ts';

/** Where this process runs. The sandbox tells the programs of its laptops (sandbox/laptop.ts). */
export function placeHere(environment: NodeJS.ProcessEnv): Place {
  return {
    // Of no folder: whoever reads it in a window is in any.
    invocation: invocationOf(launcher, environment.PATH ?? '', '/'),
    documents,
    isRoot: process.getuid?.() === 0,
    isInSandbox: environment.SLIPWAY_IN_SANDBOX === '1',
  };
}
