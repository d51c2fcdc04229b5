// Proves that a running sandbox is what it says: node sandbox/prove.ts [NAME]. Changes nothing that stays.
import { setTimeout as pause } from 'node:timers/promises';
import { run as runOnMachine } from './commands.ts';
import { openSandbox } from './sandbox.ts';

const sandbox = openSandbox({ name: process.argv[2] });
const cluster = sandbox.cluster();
const { addresses, settings } = sandbox;
const counts = { passed: 0, failed: 0 };

/** A check passes when it returns; what it returns is shown. */
async function check(what: string, action: () => Promise<string>): Promise<void> {
  try {
    const said = (await action()).trim().split('\n').at(-1) ?? '';
    counts.passed++;
    console.log(`ok    ${what}: ${said.slice(0, 160)}`);
  } catch (error) {
    counts.failed++;
    console.log(`FAIL  ${what}: ${error instanceof Error ? error.message : error}`);
  }
}

function expect(isSo: boolean, text: string): string {
  if (!isSo) throw new Error(text);
  return text;
}

/** Runs a command in the toolbox pod, with the workload's own small clients. */
function inPod(...command: string[]): Promise<string> {
  return cluster.kubectl(['-n', 'infra', 'exec', 'toolbox', '--', ...command]);
}

async function onLaptop(command: readonly string[], deadline = 20_000): Promise<string> {
  const result = await sandbox.run(command, { deadline });
  return (
    expect(result.status === 0, `${command.join(' ')}: ${result.status} ${result.stdout}${result.stderr}`) &&
    result.stdout
  );
}

async function fails(action: Promise<string>): Promise<string> {
  const said = await action.then(
    (text) => `answered: ${text}`,
    () => undefined,
  );
  return expect(said === undefined, said ?? 'does not answer');
}

interface Pod {
  metadata: { name: string };
  spec: { nodeName: string };
  status: { podIP: string; podIPs: { ip: string }[]; containerStatuses: { restartCount: number; ready: boolean }[] };
}

async function pods(namespace: string, app: string): Promise<Pod[]> {
  const list: { items: Pod[] } = JSON.parse(
    await cluster.kubectl(['-n', namespace, 'get', 'pods', '-l', `app=${app}`, '-o', 'json']),
  );
  return list.items;
}

const address = (namespace: string, service: string) =>
  cluster.kubectl(['-n', namespace, 'get', 'service', service, '-o', 'jsonpath={.spec.clusterIP}']);

async function proveCluster(): Promise<void> {
  const orders = await pods('webshop', 'orders');
  await check('orders runs twice, on every node', async () => {
    const nodes = new Set(orders.map((pod) => pod.spec.nodeName));
    return expect(nodes.size === Math.min(2, settings.nodes), [...nodes].join(' '));
  });
  await check('service by its name from a pod', () =>
    inPod('/workload', 'get', `http://orders.webshop.svc.${settings.clusterDomain}/`),
  );
  await check('service balances over its pods', async () => {
    const names = new Set<string>();
    for (let asked = 0; asked < 24 && names.size < 2; asked++) {
      names.add(JSON.parse(await inPod('/workload', 'get', 'http://orders.webshop/')).pod);
    }
    return expect(names.size === 2, [...names].join(' '));
  });
  for (const pod of orders) {
    await check(`pod on ${pod.spec.nodeName} by its address`, () =>
      inPod('/workload', 'get', `http://${pod.status.podIP}:8080/`),
    );
  }
  await check('headless service has an address for each of three pods', async () => {
    const found = (await inPod('/workload', 'lookup', 'ledger.webshop')).trim().split('\n');
    return expect(found.length === 3, found.join(' '));
  });
  await check('pod of a StatefulSet by its name', async () => {
    const answer = JSON.parse(await inPod('/workload', 'get', 'http://ledger-1.ledger.webshop:8080/'));
    return expect(answer.pod === 'ledger-1', answer.pod);
  });
  await check('second named port', () => inPod('/workload', 'get', 'http://storefront.webshop:9090/'));
  await check('TCP echo', () => inPod('/workload', 'tcp', 'echo:7000', 'hello'));
  await check('UDP echo', () => inPod('/workload', 'udp', 'echo:7000', 'hello'));
  await check('service without selector reaches its EndpointSlice', () =>
    inPod('/workload', 'get', 'http://warehouse/'),
  );
  await check('service without a ready endpoint is refused', () =>
    fails(inPod('/workload', 'get', 'http://checkout.webshop/')),
  );
  await check('ExternalName', async () => {
    const text = await inPod('nslookup', '-type=cname', `payment-provider.webshop.svc.${settings.clusterDomain}`);
    return expect(text.includes('www.example.test'), text);
  });
  await check('unknown name is NXDOMAIN', () => fails(inPod('/workload', 'lookup', 'nowhere.example.com')));
  await check('one pod crashes again and again', async () => {
    const [pod] = await pods('webshop', 'newsletter');
    const status = pod?.status.containerStatuses[0];
    return expect(status !== undefined && !status.ready, `${status?.restartCount} restarts`);
  });
  await check('API server reaches pods through services', () =>
    cluster.kubectl(['get', '--raw', '/api/v1/namespaces/webshop/services/orders:80/proxy/healthz']),
  );
  await check('kubectl logs', () =>
    cluster.kubectl(['-n', 'webshop', 'logs', `${orders[0]?.metadata.name}`, '--tail=1']),
  );
  await check('kubectl exec, as an ordinary user', () => inPod('sh', '-c', 'id -u'));
  await check('base image has a shell and the programs that an agent needs', async () => {
    const script = 'set -e; cd /tmp; head -c 4 >a; chmod 700 a; mv a b; sha256sum b; cat b';
    const pod = [
      'run',
      'base-proof',
      '-n',
      'dev',
      '--image=sandbox.local/base:1',
      '--restart=Never',
      '--rm',
      '-i',
      '--quiet',
    ];
    const overrides = JSON.stringify({ spec: { securityContext: { runAsUser: 65532, runAsNonRoot: true } } });
    return cluster.kubectl([...pod, `--overrides=${overrides}`, '--', 'sh', '-c', script], { input: 'text' });
  });
}

/** What IPv6 adds. */
async function proveDualStack({ apiServer }: NonNullable<typeof addresses.ipv6>): Promise<void> {
  await check('service of IPv6 alone by its name from a pod', () =>
    inPod('/workload', 'get', 'http://orders-six.webshop/'),
  );
  await check('service of both families has an address of each', async () => {
    const found = (await inPod('/workload', 'lookup', 'orders-dual.webshop')).trim().split('\n');
    return expect(found.length === 2 && found.some((one) => one.includes(':')), found.join(' '));
  });
  await check('UDP echo over IPv6', () => inPod('/workload', 'udp', 'echo-six:7000', 'hello'));
  for (const pod of await pods('webshop', 'orders')) {
    const own = pod.status.podIPs.map(({ ip }) => ip).find((ip) => ip.includes(':'));
    await check(`pod on ${pod.spec.nodeName} by its IPv6 address`, () =>
      inPod('/workload', 'get', `http://[${own}]:8080/`),
    );
    await check('laptop does not reach it', () => fails(onLaptop(['curl', '-sS', '-m2', `http://[${own}]:8080/`])));
  }
  await check('laptop reaches the API server over IPv6', () =>
    onLaptop(['curl', '-sk', '-m5', `https://[${apiServer}]:6443/version`]),
  );
}

async function proveLaptop(): Promise<void> {
  const [pod] = await pods('webshop', 'orders');
  const service = await address('webshop', 'orders');
  const server = `https://${addresses.apiServer}:6443`;
  await check('laptop reaches the API server', () => onLaptop(['curl', '-sk', '-m5', `${server}/version`]));
  await check('laptop reaches a NodePort', () =>
    onLaptop(['curl', '-s', '-m5', `http://${addresses.nodes[0]}:30080/`]),
  );
  await check('laptop pings a node', () => onLaptop(['ping', '-c1', '-W2', `${addresses.nodes[0]}`]));
  await check('laptop does not reach a pod', () =>
    fails(onLaptop(['curl', '-sS', '-m2', `http://${pod?.status.podIP}:8080/`])),
  );
  await check('laptop does not reach a service', () => fails(onLaptop(['curl', '-sS', '-m2', `http://${service}/`])));
  await check('laptop knows no cluster names', () =>
    fails(onLaptop(['getent', 'hosts', `orders.webshop.svc.${settings.clusterDomain}`])),
  );
  await check('machine does not reach a pod through the LAN', () =>
    fails(
      runOnMachine(['ping', '-c1', '-W2', '-I', addresses.machineInterface, `${pod?.status.podIP}`]).then((result) =>
        expect(result.status === 0, result.stdout),
      ),
    ),
  );
  for (const name of settings.laptops) {
    const ask = async (...command: string[]) => {
      const result = await sandbox.run(command, { laptop: name, deadline: 20_000 });
      return expect(result.status === 0, `${result.status} ${result.stdout}${result.stderr}`);
    };
    await check(`${name} laptop: outside name by getent`, () => ask('getent', 'hosts', 'www.example.test'));
    await check(`${name} laptop: outside name by curl`, () => ask('curl', '-sS', '-m5', 'http://x.dev/'));
    await check(`${name} laptop: unknown name is NXDOMAIN`, async () => {
      const result = await sandbox.run(['dig', '+tries=1', '+time=5', 'nowhere.example.com'], { laptop: name });
      return expect(result.stdout.includes('status: NXDOMAIN'), result.stdout.split('\n')[3] ?? '');
    });
    await check(`${name} laptop: /etc, /run and the journal's folder are its own`, async () => {
      const mark = `proof-${process.pid}`;
      const files = [`/etc/${mark}`, `/run/${mark}`, `/var/lib/slipway/${mark}`];
      await ask('touch', ...files);
      const seen = await runOnMachine(['ls', ...files]);
      await ask('rm', ...files);
      return expect(seen.status !== 0 && seen.stdout === '', 'the machine sees none of it');
    });
  }
  const forward = sandbox.run(
    [`${sandbox.state}/kubectl`, '-n', 'webshop', 'port-forward', 'service/orders', '18080:80'],
    {
      deadline: 6_000,
    },
  );
  await check('kubectl port-forward from the laptop', async () => {
    await pause(2_000);
    return onLaptop(['curl', '-sS', '-m3', 'http://127.0.0.1:18080/']);
  });
  await forward;
}

await proveCluster();
if (addresses.ipv6) await proveDualStack(addresses.ipv6);
await proveLaptop();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
