/**
 * The core on a fake world under the real clock: the same contract on the same socket, without a cluster, a helper or a
 * change of this computer. SLIPWAY_FAKE names scenarios, see app/fakes/scenarios.ts; `kept` keeps settings in the config
 * folder. Its folders are its own: the user's core is not met.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../adapters/laptop/clock.ts';
import { findFolders } from '../../adapters/storage/folders.ts';
import { fileWriter, logLevelOf, openLog } from '../../adapters/storage/log.ts';
import { openStore } from '../../adapters/storage/store.ts';
import { createScene, readScenarios, type Scenario } from '../../fakes/scenarios.ts';
import { buildIdentity } from '../build-identity.ts';
import { placeHere } from './place.ts';
import { runCore } from './run-core.ts';

async function main(): Promise<number> {
  const scenarios = readScenarios(process.env.SLIPWAY_FAKE ?? '');
  if (!scenarios.ok) {
    process.stderr.write(`${scenarios.problem.title}: ${scenarios.problem.cause}\n`);
    return 2;
  }
  const own = process.env.SLIPWAY_RUNTIME_DIR ?? mkdtempSync(join(tmpdir(), 'slipway-fake-'));
  const folders = await findFolders({
    ...process.env,
    SLIPWAY_RUNTIME_DIR: own,
    SLIPWAY_CONFIG_DIR: process.env.SLIPWAY_CONFIG_DIR ?? join(own, 'config'),
    SLIPWAY_STATE_DIR: process.env.SLIPWAY_STATE_DIR ?? join(own, 'state'),
  });
  if (!folders.ok) {
    process.stderr.write(`${folders.problem.title}: ${folders.problem.cause}\n`);
    return 6;
  }
  const { runtime, config, state } = folders.value;
  // The world is made up, and so is who one is in it.
  const isIn = (name: Scenario) => scenarios.value.includes(name);
  const place = { ...placeHere(process.env), isRoot: isIn('root'), isInSandbox: isIn('in-sandbox') };
  const log = openLog(logLevelOf(process.env), fileWriter(join(state, 'core.log')));
  return runCore(runtime, buildIdentity(), place, () => {
    process.stdout.write(`${join(runtime, 'core.sock')}\n`); // for whoever started it without naming a folder
    const { ports } = createScene(systemClock(), scenarios.value);
    return { ...ports, log, store: scenarios.value.includes('kept') ? openStore(config, log) : ports.store };
  });
}

process.exitCode = await main();
process.exit();
