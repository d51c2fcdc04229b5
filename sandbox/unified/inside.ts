/** Runs inside the other kernel: a node's cgroups as the sandbox makes them, containerd, runc, kubelet and one pod with a limit. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stringify } from 'yaml';
import { isUnified, makeCgroup, missingControllers } from '../cgroups.ts';
import { run } from '../commands.ts';

interface Given {
  folder: string;
  /** The node's own file tree, see boot.ts. */
  tree: string;
  images: string;
  kubelet: string;
}

const work = '/mnt/node';
const cgroup = '/slipway-proof/node1';
const memoryLimit = 64 * 1024 ** 2;
/** For images, kubelet and pod together, in milliseconds. */
const patience = 400_000;

async function show(given: Given): Promise<string> {
  if (!isUnified() || missingControllers().length > 0) return `no cgroup v2: ${missingControllers()}`;
  const [own = ''] = await makeCgroup(`${cgroup}/sys`);
  await writeFile(path.join(own, 'cgroup.procs'), `${process.pid}`);
  await mkdir(`${work}/pods`, { recursive: true });
  await writeFile(`${work}/containerd.toml`, containerdConfiguration);
  const inTree = ['chroot', given.tree];
  start('containerd', [...inTree, 'containerd', '--config', `${work}/containerd.toml`]);
  const until = Date.now() + patience;
  while ((await run([...inTree, 'ctr', 'version'])).status !== 0) {
    if (Date.now() > until) return 'containerd does not answer';
    await pause(500);
  }
  for (const image of await readdir(given.images)) {
    const imported = await run([
      ...inTree,
      'ctr',
      '-n',
      'k8s.io',
      'images',
      'import',
      '--snapshotter',
      'native',
      path.join(given.images, image),
    ]);
    if (imported.status !== 0) return `an image cannot be imported: ${imported.stderr}`;
  }
  await writeFile(`${work}/pods/pod.yaml`, stringify(pod));
  await writeFile(`${work}/kubelet.yaml`, stringify(kubeletConfiguration));
  start('kubelet', [...inTree, given.kubelet, '--config', `${work}/kubelet.yaml`, '--root-dir', `${work}/kubelet`]);
  for (;;) {
    const said = await sayingOf(pod.metadata.name);
    if (said.includes(`memory.max ${memoryLimit}`)) {
      const pods = await readdir(`/sys/fs/cgroup${cgroup}/kubepods`);
      return `shown: kubelet, containerd and runc on cgroup v2\n${said.trim()}\nkubepods: ${pods.filter((name) => name.startsWith('pod') || name.startsWith('b')).join(' ')}`;
    }
    if (Date.now() > until) return `the pod does not run: ${await tail('kubelet')}`;
    await pause(1000);
  }
}

function start(name: string, [program = '', ...words]: readonly string[]): void {
  const child = spawn('sh', ['-c', `exec "$0" "$@" >${work}/${name}.log 2>&1`, program, ...words], { stdio: 'ignore' });
  child.unref();
}

async function tail(name: string): Promise<string> {
  const text = await readFile(`${work}/${name}.log`, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.startsWith('E'))
    .slice(-5)
    .join('\n');
}

/** What the pod printed. */
async function sayingOf(name: string): Promise<string> {
  const entries = await readdir('/var/log/pods', { recursive: true }).catch(() => []);
  const log = entries.find((entry) => entry.includes(name) && entry.endsWith('.log'));
  return log === undefined ? '' : readFile(path.join('/var/log/pods', log), 'utf8');
}

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'hello', namespace: 'default' },
  spec: {
    hostNetwork: true,
    containers: [
      {
        name: 'hello',
        image: 'sandbox.local/base:1',
        imagePullPolicy: 'Never',
        command: [
          'sh',
          '-c',
          'echo cgroup $(cat /proc/self/cgroup); echo memory.max $(cat /sys/fs/cgroup/memory.max); sleep 600',
        ],
        resources: { limits: { memory: `${memoryLimit}`, cpu: '200m' } },
      },
    ],
  },
};

const kubeletConfiguration = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
  cgroupDriver: 'cgroupfs',
  cgroupRoot: cgroup,
  failSwapOn: false,
  staticPodPath: `${work}/pods`,
  resolvConf: '',
};

/** Layers are copied: the other kernel has them in memory. */
const containerdConfiguration = `version = 2
root = "${work}/containerd"
state = "/run/containerd"
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "sandbox.local/pause:1"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "/usr/sbin/runc"
SystemdCgroup = false
`;

const given: Given = JSON.parse(process.argv[2] ?? '{}');
const result = await show(given).catch((error: unknown) =>
  error instanceof Error ? (error.stack ?? error.message) : 'unknown',
);
await writeFile(path.join(given.folder, 'result.txt'), result);
process.exit();
