/** Rows 1, 3 and 4: what answers before, while and after; balancing, refusals and silences; honest ping. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../app/contract/index.ts';
import type { Pod } from './cluster.ts';
import { eventually, must, run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('the laptop in the cluster', () => {
  let scene: Scene;
  let orders: Pod[] = [];
  let ordersAddress = '';

  const curl = (url: string, seconds = 5) =>
    run(scene.laptop, ['curl', '-sS', '-m', String(seconds), '--noproxy', '*', url], {
      deadline: (seconds + 5) * 1000,
    });
  const addressOf = (pod: Pod | undefined) => pod?.status.podIP ?? 'no address';

  beforeAll(async () => {
    scene = await setScene('plain', 'reach');
    orders = await scene.cluster.pods(workload.http.namespace, workload.http.selector);
    ordersAddress = await scene.cluster.serviceAddress(workload.http.namespace, workload.http.service);
    expect(new Set(orders.map((pod) => pod.spec.nodeName)).size, 'orders runs on two nodes').toBe(2);
  });
  afterAll(() => closeScene(scene));

  it('answers nothing of the cluster before', async () => {
    expect((await curl(`http://${addressOf(orders[0])}:${workload.http.podPort}/`, 2)).code).not.toBe(0);
    expect((await curl(`http://${ordersAddress}/`, 2)).code).not.toBe(0);
    expect((await run(scene.laptop, ['getent', 'hosts', workload.http.fullName])).code).not.toBe(0);
  });

  it('connects', async () => {
    await scene.product.connect('sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage);
    const status = await scene.product.slipway(['status', '-o', 'json']);
    const shown = JSON.parse(status.stdout) as Snapshot;
    expect(shown.connections.map((connection) => connection.phase)).toContain('connected');
  });

  it('reaches pods on both nodes, the Service and its names by HTTP', async () => {
    for (const pod of orders) {
      const answer = await must(scene.laptop, [
        'curl',
        '-sS',
        '-m',
        '5',
        `http://${addressOf(pod)}:${workload.http.podPort}/`,
      ]);
      expect(answer).toContain(pod.metadata.name);
    }
    for (const host of [ordersAddress, ...workload.http.names]) {
      const answer = await must(scene.laptop, ['curl', '-sS', '-m', '5', `http://${host}/`]);
      expect(JSON.parse(answer), host).toHaveProperty('pod');
    }
  });

  it('reaches TCP, UDP and gRPC servers by name', async () => {
    const { echo, grpc } = workload;
    expect(await must(scene.laptop, ['probe', 'tcp', `${echo.name}:${echo.port}`, 'hello'])).toContain('hello');
    expect(await must(scene.laptop, ['probe', 'udp', `${echo.name}:${echo.port}`, 'hello'])).toContain('hello');
    const answer = await must(scene.laptop, ['probe', 'grpc', `${grpc.name}:${grpc.port}`, 'hello']);
    expect(answer).toContain('SERVING');
    expect(answer).toContain('hello');
    const netcat = await run(scene.laptop, ['nc', '-w', '3', '-q', '1', echo.name, String(echo.port)], {
      input: 'by nc\n',
    });
    expect(netcat.stdout).toContain('by nc');
  });

  it('balances a Service over its endpoints', async () => {
    const seen = new Set<string>();
    await eventually(
      async () => {
        seen.add((JSON.parse((await curl(`http://${ordersAddress}/`)).stdout) as { pod: string }).pod);
        return seen.size === orders.length;
      },
      20_000,
      0,
    );
    expect([...seen].sort()).toEqual(orders.map((pod) => pod.metadata.name).sort());
  });

  it('is refused at once where nothing serves', async () => {
    const closed = await run(scene.laptop, ['probe', 'tcp', `${addressOf(orders[0])}:4`, 'x'], { deadline: 8000 });
    expect(closed.stdout).toContain('refused');
    const none = workload.noEndpoint;
    const address = await scene.cluster.serviceAddress(none.namespace, none.service);
    const empty = await run(scene.laptop, ['probe', 'tcp', `${address}:${none.port}`, 'x'], { deadline: 8000 });
    expect(empty.stdout).toContain('refused');
  });

  it('tells a UDP client that its port is closed', async () => {
    const outcome = await run(scene.laptop, ['probe', 'udp', `${addressOf(orders[0])}:4`, 'x'], { deadline: 15_000 });
    expect(outcome.stdout).toContain('refused');
  });

  it('hears nothing from a pod address that nobody has', async () => {
    const free = addressOf(orders[0]).replace(/\.\d+$/, '.251');
    const ping = await run(scene.laptop, ['ping', '-c', '2', '-W', '1', free]);
    expect(ping.code).not.toBe(0);
    expect(ping.stdout).toContain('0 received');
    const dial = await run(scene.laptop, ['curl', '-sS', '-m', '4', `http://${free}/`], { deadline: 10_000 });
    expect(dial.code).not.toBe(0);
  });

  it('pings pods on both nodes', async () => {
    for (const pod of orders) {
      const ping = await must(scene.laptop, ['ping', '-c', '3', '-i', '0.2', '-W', '2', addressOf(pod)]);
      expect(ping).toContain('3 received');
    }
  });

  it('answers ping of a Service while an endpoint is ready, and stops when none is', async () => {
    const { namespace, service, deployment } = workload.scalable;
    const address = await scene.cluster.serviceAddress(namespace, service);
    const answers = async () => (await run(scene.laptop, ['ping', '-c', '1', '-W', '1', address])).code === 0;
    expect(await eventually(answers, 10_000)).toBe(true);
    await scene.cluster.kubectl(['scale', '-n', namespace, `deployment/${deployment}`, '--replicas=0']);
    expect(await eventually(async () => !(await answers()), 20_000)).toBe(true);
    await scene.cluster.kubectl(['scale', '-n', namespace, `deployment/${deployment}`, '--replicas=1']);
    expect(await eventually(answers, 30_000)).toBe(true);
  });

  it('restores the laptop and deletes the agent', async () => {
    expect((await scene.product.disconnect()).code).toBe(0);
    expect(await scene.unchanged()).toEqual([]);
    expect(await scene.left()).toEqual([]);
    expect((await curl(`http://${ordersAddress}/`, 2)).code).not.toBe(0);
  });
});
