/**
 * A whole world for the core without a kernel, a cluster or a file: every port, and the things behind them to look at
 * and to break. Under a real clock it is a way to run the frontends without a cluster.
 */
import type { Clock, Log, Ports } from '../core/ports.ts';
import { FakeActivityStore } from './activity.ts';
import { FakeBench } from './bench.ts';
import { FakeCluster } from './cluster.ts';
import { FakeEngines } from './engines.ts';
import { Faults } from './faults.ts';
import { FakeHelper, FakeHost } from './host.ts';
import { FakeKubeconfig } from './kubeconfig.ts';
import { FakeKubeconfigFiles } from './kubeconfig-files.ts';
import { FakeLaptopProbe, FakeResolverProbe } from './probes.ts';
import { FakeReport } from './report.ts';
import { FakeSandbox } from './sandbox.ts';
import { FakeStore } from './store.ts';

export interface World {
  readonly ports: Ports;
  readonly bench: FakeBench;
  readonly host: FakeHost;
  readonly cluster: FakeCluster;
  readonly engines: FakeEngines;
  readonly kubeconfig: FakeKubeconfig;
  readonly kubeconfigFiles: FakeKubeconfigFiles;
  readonly store: FakeStore;
  readonly resolverProbe: FakeResolverProbe;
  readonly report: FakeReport;
  readonly sandbox: FakeSandbox;
  readonly faults: Faults;
  readonly log: FakeLog;
}

class FakeLog implements Log {
  readonly lines: { level: string; message: string; facts: Readonly<Record<string, unknown>> }[] = [];

  debug(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'debug', message, facts });
  }

  info(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'info', message, facts });
  }

  warning(message: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: 'warning', message, facts });
  }
}

/** `pace` is how long each operation takes, in milliseconds. */
export function createWorld(clock: Clock, pace = 10): World {
  const faults = new Faults(clock, pace);
  const host = new FakeHost();
  const cluster = new FakeCluster();
  const engines = new FakeEngines(clock, host, cluster, faults);
  const kubeconfigFiles = new FakeKubeconfigFiles();
  const kubeconfig = new FakeKubeconfig(cluster, faults, kubeconfigFiles);
  const store = new FakeStore(faults);
  const resolverProbe = new FakeResolverProbe(host, cluster, faults);
  const report = new FakeReport();
  const sandbox = new FakeSandbox(faults, kubeconfigFiles);
  const log = new FakeLog();
  const helper = new FakeHelper(host, faults);
  const bench = new FakeBench(clock, faults);
  return {
    ports: {
      bench,
      clock,
      log,
      kubeconfig,
      kubeconfigFiles,
      engine: engines,
      helper,
      store,
      activity: new FakeActivityStore(),
      resolverProbe,
      laptopProbe: new FakeLaptopProbe(host),
      report,
      sandbox,
    },
    bench,
    host,
    cluster,
    engines,
    kubeconfig,
    kubeconfigFiles,
    store,
    resolverProbe,
    report,
    sandbox,
    faults,
    log,
  };
}
