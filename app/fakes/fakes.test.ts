/** The fakes pass the port tests that the real adapters pass. */
import { noAgentPodChoices, problem } from '../contract/index.ts';
import type { Clock } from '../core/ports.ts';
import { FakeActivityStore } from './activity.ts';
import { healthyPod } from './believable-pods.ts';
import type { FakeEngine } from './engine.ts';
import { plugin } from './kubeconfig.ts';
import { ManualClock } from './manual-clock.ts';
import { testActivityStore } from './port-tests/activity.ts';
import { testBench } from './port-tests/bench.ts';
import { testClock } from './port-tests/clock.ts';
import { testCluster } from './port-tests/cluster.ts';
import { testEngine } from './port-tests/engine.ts';
import { testHelper } from './port-tests/helper.ts';
import { testKubeconfig } from './port-tests/kubeconfig.ts';
import { testKubeconfigFiles } from './port-tests/kubeconfig-files.ts';
import { testLaptopProbe, testResolverProbe } from './port-tests/probes.ts';
import { testReport } from './port-tests/report.ts';
import { testSandbox } from './port-tests/sandbox.ts';
import { testStore } from './port-tests/store.ts';
import { fakeResolver } from './probes.ts';
import { service } from './service.ts';
import { FakeStore } from './store.ts';
import { createWorld } from './world.ts';

const realClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};
const world = () => createWorld(realClock, 1);
const close = async () => {};

testClock('fake', () => {
  const clock = new ManualClock();
  return { clock, pass: (milliseconds) => clock.advance(milliseconds) };
});

testBench('fake', async () => {
  const { bench } = world();
  bench.pace = 1;
  return { port: bench, running: async () => bench.running, close };
});

testStore('fake', async () => {
  const { store, faults } = world();
  return {
    open: () => new FakeStore(faults, store),
    close,
  };
});

testActivityStore('fake', async () => {
  const store = new FakeActivityStore();
  return { open: () => new FakeActivityStore(store), close };
});

testKubeconfig('fake', async () => {
  const { kubeconfig, cluster } = world();
  const [production, staging] = kubeconfig.contexts;
  if (production === undefined || staging === undefined) {
    throw new Error('the fake kubeconfig has two contexts');
  }
  const withPlugin = { ...production, execPlugin: plugin('cloud-login') };
  kubeconfig.contexts = [withPlugin, staging];
  return {
    port: kubeconfig,
    server: cluster.server,
    timesPluginRan: async () => kubeconfig.pluginsRun.length,
    moveServer: async () =>
      kubeconfig.change([withPlugin, staging].map((one) => ({ ...one, server: 'https://elsewhere' }))),
    removeStaging: async () => kubeconfig.change([withPlugin]),
    removeFiles: async () => kubeconfig.change([]),
    until: async (condition) => condition(),
    close,
  };
});

testKubeconfigFiles('fake', async () => {
  const { kubeconfigFiles } = world();
  return {
    port: kubeconfigFiles,
    write: async (name, text) => {
      kubeconfigFiles.texts.set(`/home/jane/${name}`, text);
      return `/home/jane/${name}`;
    },
    read: async (file) => kubeconfigFiles.texts.get(file) ?? null,
    countKept: async () => kubeconfigFiles.countKept(),
    close,
  };
});

testResolverProbe('fake', async () => {
  const { host, resolverProbe } = world();
  host.names = ['svc'];
  resolverProbe.silent.add('203.0.113.53');
  return {
    port: resolverProbe,
    server: fakeResolver,
    known: 'kubernetes.default.svc.cluster.local',
    silent: '203.0.113.53',
    close,
  };
});

testLaptopProbe('fake', async () => {
  const { ports, host } = world();
  return {
    port: ports.laptopProbe,
    change: async () => {
      host.tun = 'slipway1';
      host.routes = ['10.96.0.0/16'];
      host.names = ['svc'];
    },
    close,
  };
});

testReport('fake', async () => {
  const { report } = world();
  return {
    port: report,
    folder: '/home/jane/reports',
    read: async (path) => {
      const files = report.written.get(path);
      return files === undefined ? null : Object.fromEntries(files.map(({ name, text }) => [name, text]));
    },
    close,
  };
});

testSandbox('fake', async () => {
  const { sandbox } = world();
  return {
    port: sandbox,
    state: async () => (sandbox.isUp ? 'up' : sandbox.isHalf ? 'half' : 'none'),
    breakIt: async () => {
      sandbox.unsupported = problem('sandbox-unsupported', 'The sandbox needs Linux.');
    },
    close,
  };
});

testHelper('fake', async () => {
  const { ports, host } = world();
  return {
    port: ports.helper,
    stop: async () => {
      host.helperRuns = false;
    },
    close,
  };
});

testEngine('fake', async () => {
  const { ports, engines } = world();
  await ports.helper.ensure();
  return {
    port: engines,
    helperSocket: ports.helper.socket,
    kill: async (link) => (link as FakeEngine).kill(),
    close,
  };
});

testCluster('fake', async () => {
  const { kubeconfig, cluster } = world();
  const [context] = kubeconfig.contexts;
  const opened = context === undefined ? undefined : await kubeconfig.open(context);
  if (!opened?.ok) {
    throw new Error('the fake cluster cannot be opened');
  }
  return {
    port: opened.value,
    spec: { namespace: 'webshop', image: '', baseImage: 'busybox', pod: noAgentPodChoices },
    countAgents: async () => cluster.agents.size,
    countDirectServices: async () => cluster.directServices.size,
    endAgents: async () => {
      for (const pod of cluster.agents.keys()) {
        cluster.agents.set(pod, false);
      }
      cluster.changed();
    },
    changeServices: async () => {
      const number = cluster.services.length;
      cluster.services = [...cluster.services, service('infra', `added-${number}`, `10.96.50.${number}`, [])];
      cluster.changed();
    },
    changePods: async () => {
      const number = cluster.pods.length;
      cluster.pods = [...cluster.pods, healthyPod('infra', `added-${number}`, `10.244.9.${number}`)];
      cluster.changed();
    },
    close,
  };
});
