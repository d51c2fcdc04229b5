/**
 * A second API server in the sandbox's control plane whose cluster has addresses of IPv6 that are nobody's (RFC 3849) only: the same program with the
 * same flags, but for its ranges, its port, and its own keys in etcd. It has no nodes.
 */
import { spawn } from 'node:child_process';
import { eventually } from './programs.ts';
import type { Scene } from './scene.ts';

export interface ApiServer extends AsyncDisposable {
  readonly url: string;
}

const port = 6444;

export async function startIpv6ApiServer(scene: Scene): Promise<ApiServer> {
  const space = scene.sandbox.space('control-plane');
  const running = (await space.programs()).find(({ name }) => name === 'kube-apiserver');
  // Its number is the one that it has among the space's own processes.
  const commandLine = await space.run(['cat', `/proc/${running?.pid}/cmdline`], { ownProcesses: true });
  const whole = commandLine.stdout.split('\0').slice(0, -1);
  const changes = {
    'advertise-address': 'fd00:87::10',
    'service-cluster-ip-range': '2001:db8:10:96::/112',
    'secure-port': String(port),
    'etcd-prefix': '/ipv6-only',
  };
  // The audit log is written by one server only.
  const left = [...Object.keys(changes).map((flag) => `--${flag}=`), '--audit-'];
  const kept = whole.filter((argument) => !left.some((start) => argument.startsWith(start)));
  const own = Object.entries(changes).map(([flag, value]) => `--${flag}=${value}`);
  const enter = space.enter(['net', 'mount']);
  const [program, ...rest] = [...enter, ...kept, ...own];
  const server = spawn(program ?? '', rest, { stdio: 'ignore' });
  const gone = new Promise((resolve) => server.once('close', resolve));
  const url = `https://${scene.sandbox.addresses.apiServer}:${port}`;
  const dispose = async () => {
    server.kill('SIGKILL');
    await gone;
  };
  // The ServiceCIDR is made a moment after the server became ready.
  const asked = ['get', 'servicecidrs', '-o', 'name', `--server=${url}`, '--request-timeout=2s'];
  const isReady = () =>
    scene.cluster.kubectl(asked).then(
      (names) => names !== '',
      () => false,
    );
  if (!(await eventually(isReady, 60_000, 500))) {
    await dispose();
    throw new Error('the IPv6-only API server did not become ready');
  }
  return { url, [Symbol.asyncDispose]: dispose };
}
