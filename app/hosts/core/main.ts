/** The core of this user, on the real world. */

import { openPorts } from '../../adapters/ports.ts';
import { findFolders } from '../../adapters/storage/folders.ts';
import { forgetOldPlaces, thisUser } from '../../adapters/storage/user-place.ts';
import { buildIdentity } from '../build-identity.ts';
import { placeHere } from './place.ts';
import { runCore } from './run-core.ts';

async function main(): Promise<number> {
  const folders = await findFolders(process.env);
  if (!folders.ok) {
    process.stderr.write(`${folders.problem.title}: ${folders.problem.cause}\n`);
    return 6;
  }
  forgetOldPlaces(thisUser(), Date.now());
  return runCore(folders.value.runtime, buildIdentity(), placeHere(process.env), () =>
    openPorts(folders.value, process.env),
  );
}

process.exitCode = await main();
// Informers and sockets of a cluster that no longer answers must not keep an ended core alive.
process.exit();
