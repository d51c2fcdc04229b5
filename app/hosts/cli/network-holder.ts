/** Who holds this computer's network where no core is found: one that was given other folders, say. */

import { findFolders } from '../../adapters/storage/folders.ts';
import { cause, type Problem, problem } from '../../contract/index.ts';

/** `helper-busy` with the process that holds it; null where nothing is on. Starts nothing. */
export async function networkHolder(): Promise<Problem | null> {
  const folders = await findFolders(process.env);
  if (!folders.ok) {
    return folders.problem;
  }
  const { openPorts } = await import('../../adapters/ports.ts'); // a core that answers knows it, and this is not loaded
  const state = await openPorts(folders.value, process.env).helper.state();
  return state.state === 'ready' && state.holder !== undefined
    ? problem('helper-busy', cause('helperHeldByProgram', { process: state.holder }), { process: String(state.holder) })
    : null;
}
