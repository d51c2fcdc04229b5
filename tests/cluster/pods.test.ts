/** Pods as a user sees them: the same status as kubectl's, and an address that works from the laptop. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../../app/contract/index.ts';
import { run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe('pods', () => {
  let scene: Scene;
  const listed = async (...options: string[]): Promise<Pod[]> =>
    JSON.parse((await scene.product.slipway(['pods', '-o', 'json', ...options])).stdout).pods;

  beforeAll(async () => {
    scene = await setScene('plain', 'pods');
  });
  afterAll(async () => {
    await closeScene(scene);
  });

  it('have the status, the readiness and the address that kubectl tells', async () => {
    const namespace = workload.http.namespace;
    const isOurs = (name: string | undefined) => name?.startsWith('slipway-agent') === true;
    const said = async () => {
      const text = await scene.cluster.kubectl(['get', 'pods', '-n', namespace, '-o', 'wide', '--no-headers']);
      const rows = text
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/));
      return rows
        .filter(([name]) => !isOurs(name))
        .map((words) => [...words.slice(0, 3), words.find((word) => /^\d+\.\d+\.\d+\.\d+$/.test(word)) ?? '']);
    };
    let pods: Pod[] = [];
    const told = async () => {
      pods = (await listed('-n', namespace)).filter(({ name }) => !isOurs(name));
      return pods.map(({ name, ready, total, status, addresses }) => [
        name,
        `${ready}/${total}`,
        status,
        addresses[0] ?? '',
      ]);
    };
    // One of them crashes for ever, and may be in another state the moment after.
    await expect
      .poll(async () => JSON.stringify([await told()]) === JSON.stringify([await said()]), {
        timeout: 60_000,
        interval: 1000,
      })
      .toBe(true);
    expect(pods.length).toBeGreaterThan(1);
    expect(pods.find(({ name }) => name.startsWith('orders-'))?.owner).toEqual({ kind: 'Deployment', name: 'orders' });
  });

  it('answer at the address that is shown, through the tunnel', async () => {
    await scene.product.connect('--namespace', workload.http.namespace, '--base-image', workload.baseImage);
    const orders = (await listed('-n', workload.http.namespace)).find(
      ({ name, health }) => name.startsWith('orders-') && health === 'ready',
    );
    const url = `http://${orders?.addresses[0]}:${workload.http.podPort}/`;
    const got = await run(scene.laptop, ['curl', '-sS', '-m', '10', '--noproxy', '*', '-w', '%{http_code}', url]);
    expect(got.code, got.stderr).toBe(0);
    expect(got.stdout).toMatch(/200$/);
  });
});
