/** Row 9: two users at once are apart; other pods and other users of the laptop get nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('strangers', () => {
  let first: Scene;
  let second: Scene;

  beforeAll(async () => {
    first = await setScene('plain', 'first');
    second = await setScene('resolved', 'second');
    for (const scene of [first, second]) {
      await scene.product.connect(
        'sandbox',
        '--namespace',
        workload.http.namespace,
        '--base-image',
        workload.baseImage,
      );
    }
  });
  afterAll(async () => {
    for (const scene of [first, second]) {
      await scene.product.disconnect();
      await closeScene(scene);
    }
  });

  const tunnelAddress = async (scene: Scene) =>
    (
      await must(scene.laptop, ['sh', '-c', 'ip -o -4 address show | awk \'/slipway/ {sub("/.*", "", $4); print $4}\''])
    ).trim();

  it('two users work at once', async () => {
    for (const scene of [first, second]) {
      await must(scene.laptop, ['curl', '-sS', '-m', '5', 'http://orders.webshop/']);
    }
  });

  it('one user cannot reach the other through the tunnel', async () => {
    const other = await tunnelAddress(second);
    const own = await tunnelAddress(first);
    expect(other).not.toBe('');
    if (other !== own) {
      const ping = await run(first.laptop, ['ping', '-c', '2', '-W', '1', '-I', own, other]);
      expect(ping.code).not.toBe(0);
    }
  });

  it('another pod finds every port of the agent closed', async () => {
    const agents = await first.cluster.pods('webshop', 'app.kubernetes.io/managed-by=slipway');
    expect(agents.length).toBe(2);
    for (const agent of agents) {
      const address = agent.status.podIP ?? '';
      const script = `for port in 8723 80 443 7000 8080 22 53; do nc -z -w 1 ${address} $port && echo open $port; done; true`;
      const seen = await first.cluster.kubectl(['exec', '-n', 'infra', 'toolbox', '--', 'sh', '-c', script]);
      expect(seen).not.toContain('open');
    }
  });

  it("the agent's ports are closed through the tunnel too", async () => {
    const agents = await first.cluster.pods('webshop', 'app.kubernetes.io/managed-by=slipway');
    for (const agent of agents) {
      const outcome = await run(first.laptop, ['nc', '-z', '-w', '3', agent.status.podIP ?? '', '8723']);
      expect(outcome.code).not.toBe(0);
    }
  });

  it('metadata addresses and kubelets are not reached through the tunnel', async () => {
    const [pod] = await first.cluster.pods('webshop', 'app=orders');
    expect(pod).toBeDefined();
    const routes = await must(first.laptop, ['ip', 'route', 'get', '169.254.169.254']);
    expect(routes).not.toContain('slipway');
  });

  it('another user of the laptop cannot talk to helper or core', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const sockets = (
      await must(first.laptop, ['sh', '-c', `ls /run/slipway/*/helper.sock ${first.product.folder}/runtime/core.sock`])
    )
      .split('\n')
      .filter((line) => line !== '');
    expect(sockets.length).toBe(2);
    for (const socket of sockets) {
      const outcome = await run(first.laptop, [...nobody, 'nc', '-U', '-w', '2', socket], {
        input: '{}\n',
        deadline: 8000,
      });
      expect(outcome.code, socket).not.toBe(0);
    }
  });

  it('Slipway opens no listening socket on the laptop', async () => {
    const listening = await must(first.laptop, ['sh', '-c', 'ss -ltunpH']);
    expect(listening).not.toMatch(/slipway|node/);
  });

  it('secrets are in no log and in no argument vector', async () => {
    const logs = await must(first.laptop, ['sh', '-c', `cat ${first.product.folder}/state/*.log`]);
    expect(logs).not.toMatch(/PRIVATE KEY|BEGIN CERTIFICATE|presharedKey":"[0-9a-f]{8}/);
    const arguments_ = await must(first.laptop, ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "']);
    expect(arguments_).not.toMatch(/PRIVATE KEY/);
  });
});
