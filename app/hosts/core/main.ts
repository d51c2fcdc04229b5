/** The core of this user, on the real world. */

import { setFlagsFromString } from 'node:v8';
import { benchWord, runBenchProcess } from '../../adapters/bench/bench-process.ts';
import { openPorts } from '../../adapters/ports.ts';
import { findFolders } from '../../adapters/storage/folders.ts';
import { forgetOldPlaces, thisUser } from '../../adapters/storage/user-place.ts';
import { buildIdentity } from '../build-identity.ts';
import { dropModestMemory } from './modest-memory.ts';
import { placeHere } from './place.ts';
import { runCore } from './run-core.ts';

// Collected at half as much again as is in use, not at several times that: what was garbage once stays resident (docs/performance.md).
// Not an argument of Node, which refuses to start with a flag that its V8 no longer has.
setFlagsFromString('--heap-growing-percent=50');
dropModestMemory(process.env);

async function main(): Promise<number> {
  if (process.argv[2] === benchWord) {
    return runBenchProcess(process.argv[3] ?? '');
  }
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
