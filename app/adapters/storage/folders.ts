/**
 * The folders that Slipway keeps: runtime (lock, control socket), config (settings, what is wanted, trust) and state
 * (logs, records of agents). Each is the user's own with mode 0700; one that is a symlink or belongs to somebody else
 * is refused, because whoever owns it could put a socket of theirs in our place.
 */
import { failure, problem, type Result, success } from '../../contract/index.ts';
import { type Environment, type Folders, makePrivate, placesOf } from './places.ts';
import { thisUser, type User } from './user-place.ts';

export { type Environment, type Folders, makePrivate } from './places.ts';

/** Makes what is missing. A problem says which folder cannot be trusted or made, and why. */
export async function findFolders(environment: Environment, user: User = thisUser()): Promise<Result<Folders>> {
  const folders = placesOf(environment, user);
  for (const folder of Object.values(folders)) {
    const refusal = await makePrivate(folder);
    if (refusal !== null) {
      return failure(problem('internal', `the folder ${folder} cannot be used: ${refusal}`, { folder }));
    }
  }
  return success(folders);
}
