/** Row 9: two users at once are apart; other pods and other users of the laptop get nothing (see ordinary-user.test.ts too). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeldConnection } from './held-connection.ts';
import { eventually, must, run } from './programs.ts';
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
      await closeScene(scene);
    }
  });

  const tunnelAddress = async (scene: Scene) =>
    (
      await must(scene.laptop, ['sh', '-c', 'ip -o -4 address show | awk \'/slipway/ {sub("/.*", "", $4); print $4}\''])
    ).trim();

  /** The pods that carry these two: other tests have agents in the same cluster. */
  const ownAgents = async () => {
    let found: Awaited<ReturnType<Scene['agents']>> = [];
    const areThere = async () => {
      const snapshots = await Promise.all([first, second].map(({ product }) => product.snapshot()));
      const names = snapshots.flatMap(({ connections }) =>
        connections.flatMap((one) => (one.phase === 'connected' ? [one.agent.pod] : [])),
      );
      // A node tells the address a second later than the agent serves.
      found = (await first.agents()).filter(({ metadata, status }) => names.includes(metadata.name) && status.podIP);
      return found.length === 2;
    };
    expect(await eventually(areThere, 20_000), JSON.stringify(found)).toBe(true);
    return found;
  };

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

  it('nobody can send as somebody else', async () => {
    const [own, other] = [await tunnelAddress(first), await tunnelAddress(second)];
    const device = (await must(first.laptop, ['sh', '-c', "ip -o link | grep -o 'slipway[^:@ ]*' | head -n 1"])).trim();
    const [toolbox] = await first.cluster.pods('infra', 'app=toolbox');
    const target = toolbox?.status.podIP ?? '';
    /** Packets of every protocol that reached the pod. */
    const heard = async () => {
      const figures = await first.cluster.kubectl(['exec', '-n', 'infra', 'toolbox', '--', 'cat', '/proc/net/snmp']);
      const of = (protocol: string, field: string) => {
        const [names, values] = figures.split('\n').filter((line) => line.startsWith(`${protocol}:`));
        return Number(values?.split(' ')[names?.split(' ').indexOf(field) ?? -1]);
      };
      return of('Udp', 'InDatagrams') + of('Udp', 'NoPorts') + of('Tcp', 'InSegs') + of('Icmp', 'InMsgs');
    };
    /** A datagram, a connection and a ping, with this source. */
    const send = async (source: string, port: string) => {
      await run(first.laptop, ['nc', '-u', '-w', '1', '-s', source, target, '9'], { input: 'hello' });
      await run(first.laptop, ['nc', '-z', '-w', '1', '-s', source, '-p', port, target, '9']);
      await run(first.laptop, ['ping', '-c', '1', '-W', '1', '-I', source, target]);
    };
    const flow = new HeldConnection(second.laptop, `${workload.echo.name}:${workload.echo.port}`, '200ms');
    expect(await eventually(async () => flow.echoes > 1, 10_000)).toBe(true);
    const port = flow.localEnd.split(':')[1] ?? '';
    const echo = await first.cluster.serviceAddress(workload.echo.namespace, workload.echo.service);
    await must(first.laptop, ['ip', 'address', 'add', `${other}/32`, 'dev', device]);
    try {
      const before = await heard();
      expect(before).toBeGreaterThanOrEqual(0);
      await send(other, port);
      expect(await heard(), 'packets with a source that is not its own').toBe(before);
      await send(own, port);
      expect(await heard(), 'the same packets with its own').toBeGreaterThanOrEqual(before + 3);
      // Into the other's connection: the same addresses and ports.
      const into = ['nc', '-w', '1', '-s', other, '-p', port, echo, `${workload.echo.port}`];
      expect((await run(first.laptop, into, { input: 'intruder\n' })).stdout).toBe('');
      expect(await flow.goesOn(10_000), flow.output.slice(-200)).toBe(true);
    } finally {
      await must(first.laptop, ['ip', 'address', 'delete', `${other}/32`, 'dev', device]);
      flow.end();
    }
  });

  it('another pod finds every port of the agent closed', async () => {
    const agents = await ownAgents();
    const knock = (address: string, ports: string) => {
      const script = `for port in ${ports}; do /workload tcp ${address}:$port x 2>&1 | grep -q refused || echo open $port; done`;
      return first.cluster.kubectl(['exec', '-n', 'infra', 'toolbox', '--', 'sh', '-c', script]);
    };
    for (const agent of agents) {
      expect(await knock(agent.status.podIP ?? '', '8723 80 443 7000 8080 22 53')).toBe('');
      const where = ['exec', '-n', agent.metadata.namespace, agent.metadata.name, '--'];
      const listening = await first.cluster.kubectl([...where, 'sh', '-c', 'cat /proc/net/tcp /proc/net/tcp6']);
      const sockets = [...listening.matchAll(/: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A /g)];
      expect(sockets.map(([, address]) => address)).toContain('0100007F');
      for (const [, address] of sockets) {
        expect(['0100007F', '00000000000000000000000001000000'], 'listens on loopback only').toContain(address);
      }
    }
    const [echo] = await first.cluster.pods('infra', 'app=echo');
    expect(await knock(echo?.status.podIP ?? '', '7000'), 'a port that is open is told from one that is not').toBe(
      'open 7000\n',
    );
  });

  it("the agent's ports are closed through the tunnel too", async () => {
    const agents = await ownAgents();
    for (const { metadata, status } of agents) {
      const outcome = await run(first.laptop, ['nc', '-v', '-z', '-w', '3', status.podIP ?? '', '8723']);
      const isClosed = outcome.code !== 0;
      // Whether the engine had a connection, another program took the address, or the way did not lead into the tunnel.
      const seen = isClosed
        ? ''
        : await run(first.laptop, [
            'sh',
            '-c',
            `ip route get ${status.podIP}; ss -tn; ip -br address; ip rule; ip route`,
          ]);
      const all = isClosed ? '' : await first.cluster.kubectl(['get', 'pods', '-A', '-o', 'wide']);
      expect(
        isClosed,
        isClosed
          ? ''
          : `${JSON.stringify([metadata.name, status, outcome, seen])}\n${all}\n${await first.product.lastWords()}`,
      ).toBe(true);
      expect(outcome.stderr, 'the agent refuses its own pod, and the other pod refuses by itself').toMatch(
        /refused|No route to host/,
      );
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
