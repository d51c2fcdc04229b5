/** Every port of the core, done for real. Opening them starts no program and asks no cluster. */
import { join } from 'node:path';
import { failure, problem, type Result, success } from '../contract/index.ts';
import type { Log, Ports } from '../core/ports.ts';
import type { AgentPlacingOptions } from './agent/placing.ts';
import { openAgentRecords } from './agent/records.ts';
import type { AgentBinary } from './agent/send-binary.ts';
import { agentTimes } from './agent/times.ts';
import { openBench } from './bench/bench-process.ts';
import { openKubeconfigFiles } from './kubeconfig/kept-kubeconfigs.ts';
import { openKubeconfig } from './kubeconfig/kubeconfig.ts';
import { systemClock } from './laptop/clock.ts';
import { completeEnvironment } from './laptop/environment.ts';
import { openLaptopProbe } from './laptop/laptop-probe.ts';
import { openResolverProbe } from './laptop/resolver-probe.ts';
import { openSandboxPort } from './laptop/sandbox.ts';
import { openEngine } from './native/engine-process.ts';
import { openHelper } from './native/helper-process.ts';
import { nativePrograms } from './native-programs.ts';
import { openActivityFile } from './storage/activity-file.ts';
import { openDigestKey } from './storage/digest-key.ts';
import type { Environment, Folders } from './storage/folders.ts';
import { fileWriter, logLevelOf, openLog } from './storage/log.ts';
import { openReport } from './storage/report.ts';
import { openStore } from './storage/store.ts';

export function openPorts(folders: Folders, environment: Environment): Ports {
  const log = openLog(logLevelOf(environment), fileWriter(join(folders.state, 'core.log')));
  const programs = nativePrograms(environment);
  let completed: Promise<Environment> | null = null;
  const completeOnce = () => {
    completed ??= completeEnvironment(environment);
    return completed;
  };
  const digestKey = openDigestKey(folders.config, log);
  const agent: AgentPlacingOptions = {
    spdyProgram: programs.engine,
    binary: (processor) => loadAgent(programs.agents[processor], log),
    build: programs.build,
    times: agentTimes(environment),
    records: openAgentRecords(folders.state, log),
    log,
  };
  return {
    bench: openBench(),
    clock: systemClock(),
    log,
    kubeconfig: openKubeconfig({ environment: completeOnce, agent, digestKey }),
    kubeconfigFiles: openKubeconfigFiles(join(folders.config, 'kubeconfigs'), environment),
    engine: openEngine({
      program: programs.engine,
      build: programs.build,
      logFile: join(folders.state, 'engine.log'),
      log,
    }),
    helper: openHelper({
      program: programs.helper,
      clone: programs.clone,
      build: programs.build,
      logFile: join(folders.state, 'helper.log'),
      environment,
      log,
    }),
    store: openStore(folders.config, log, { digestKey }),
    activity: openActivityFile(join(folders.state, 'activity.jsonl')),
    resolverProbe: openResolverProbe(),
    laptopProbe: openLaptopProbe(),
    report: openReport(folders, environment),
    sandbox: openSandboxPort({ program: join(import.meta.dirname, '../../sandbox/main.ts') }),
  };
}

/** Read anew for each placing: it is needed seldom, and it is large. */
async function loadAgent(file: string, log: Log): Promise<Result<AgentBinary>> {
  try {
    const { readAgentBinary } = await import('./agent/send-binary.ts');
    return success(await readAgentBinary(file));
  } catch (error) {
    log.warning('the agent could not be read', { error });
    return failure(problem('internal', `${file} could not be read; \`npm run build-native\` makes it`, { file }));
  }
}
