/** Where the core of this user serves: every frontend attaches there, whoever started it. */
import { join } from 'node:path';
import { type Environment, findFolders } from '../../adapters/storage/folders.ts';
import { type Result, success } from '../../contract/index.ts';

export async function coreSocketPath(environment: Environment): Promise<Result<string>> {
  const folders = await findFolders(environment);
  return folders.ok ? success(join(folders.value.runtime, 'core.sock')) : folders;
}
