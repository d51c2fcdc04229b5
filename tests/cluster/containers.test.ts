/**
 * Containers of the laptop (Docker, Podman) while connected, in each way in which names are set: they reach pods and Services by address
 * without doing anything, names as far as the nameservers go that they are given, and `doctor` says what they lack.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeAddress, Container } from './container-network.ts';
import { connected } from './refusals.ts';
import { closeScene, type Flavour, type Scene, setScene, workload } from './scene.ts';

const { http, echo, baseImage, outside } = workload;
const [outsideName, outsideAddress] = Object.entries(outside)[0] ?? expect.fail('no name outside');

describe.each<Flavour>(['plain', 'resolved'])('a container of a laptop: %s', (flavour) => {
  let scene: Scene;
  let container: Container;
  const inside = async (...words: string[]) => (await container.run(words)).stdout.trim();
  const resolver = async () => (await connected(scene.product)).names.resolver;
  const curl = (host: string) =>
    inside('curl', '-sS', '-m', '5', '-o', '/dev/null', '-w', '%{http_code}', `http://${host}/`);

  beforeAll(async () => {
    scene = await setScene(flavour, 'containers');
    container = await Container.make(scene);
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', baseImage);
  });
  afterAll(async () => {
    await scene.product.end();
    await container?.end();
    const changed = await scene.unchanged();
    await closeScene(scene);
    expect(changed).toEqual([]);
  });

  it('reaches pods and Services by address: TCP, UDP, ping', async () => {
    const [orders, echoes] = await Promise.all([
      scene.cluster.serviceAddress(http.namespace, http.service),
      scene.cluster.serviceAddress(echo.namespace, echo.service),
    ]);
    const [pod] = await scene.cluster.pods(http.namespace, http.selector);
    expect(await curl(orders)).toBe('200');
    expect(await curl(`${pod?.status.podIP}:${http.podPort}`)).toBe('200');
    expect(await inside('probe', 'udp', `${echoes}:${echo.port}`, 'datagram')).toBe('datagram');
    expect((await container.run(['ping', '-c', '1', '-W', '5', orders])).code).toBe(0);
  });

  it('has the names, and those outside, where Slipway’s nameserver is told to it', async () => {
    await container.resolvBy(`nameserver ${await resolver()}\nsearch ${http.namespace}.svc.cluster.local\n`);
    for (const name of http.names) {
      expect(await curl(name), name).toBe('200');
    }
    expect(await inside('getent', 'ahostsv4', outsideName)).toContain(outsideAddress);
  });

  it('has them in a network that its user made, whose resolver asks from the laptop', async () => {
    await container.forwardNames();
    await container.resolvBy(`nameserver ${bridgeAddress}\n`);
    expect(await curl(http.fullName)).toBe('200');
    expect(await inside('getent', 'ahostsv4', outsideName)).toContain(outsideAddress);
  });

  it('has them, or not, by the nameservers that Docker copies, as doctor says', async () => {
    await container.resolvBy(await container.copiedNameservers());
    const hasNames = (await curl(http.fullName)) === '200';
    const { stdout, stderr } = await scene.product.slipway(['doctor']);
    if (flavour === 'plain') {
      expect(hasNames).toBe(true);
      expect(stdout).toMatch(/✓ containers +those of docker0 that start now ask/);
    } else {
      expect(hasNames).toBe(false);
      expect(`${stdout}${stderr}`).toContain('those of docker0 are given the nameservers behind systemd-resolved');
      expect(`${stdout}${stderr}`).toContain(`docker run --dns ${await resolver()} IMAGE`);
    }
  });
});
