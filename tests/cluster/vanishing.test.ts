/** Row 8: what a laptop that vanishes leaves in the cluster goes by itself. */
import { afterEach, describe, expect, it } from 'vitest';
import { allProcesses } from './product.ts';
import { eventually, must } from './programs.ts';
import { closeScene, type Flavour, type Scene, setScene, workload } from './scene.ts';

describe('a laptop that vanishes', () => {
  const scenes: Scene[] = [];
  const connectArguments = ['sandbox', '--namespace', workload.http.namespace, '--base-image', workload.baseImage];
  async function scenery(flavour: Flavour, name: string): Promise<Scene> {
    const short = { SLIPWAY_AGENT_IDLE_SECONDS: '4', SLIPWAY_AGENT_EXPIRY_SECONDS: '8' };
    const scene = await setScene(flavour, name, short);
    scenes.push(scene);
    return scene;
  }

  async function goesByItself(scene: Scene): Promise<void> {
    expect(await scene.left()).toEqual([]);
  }

  /** What the helper's next start does. */
  async function cleanUp(scene: Scene): Promise<void> {
    await must(scene.laptop, [`${process.cwd()}/native/bin/slipway-helper`, 'clean', '--user', '0']);
    expect(await scene.unchanged()).toEqual([]);
  }

  afterEach(async () => {
    for (const scene of scenes.splice(0)) {
      await closeScene(scene);
    }
  });

  it('while connected, killed or with its link cut, leaves nothing in the cluster', async () => {
    const killed = await scenery('plain', 'killed');
    await killed.product.connect(...connectArguments);
    const cut = await scenery('resolved', 'cut');
    await cut.product.connect(...connectArguments);
    await killed.product.signal(allProcesses, 'SIGKILL');
    // The API server hears no end of any stream: only the agent's own clock can tell that nobody is there.
    await setLink(cut, 'cut');
    try {
      await cut.product.signal(allProcesses, 'SIGKILL');
      await goesByItself(cut);
    } finally {
      await setLink(cut, 'whole');
    }
    await goesByItself(killed);
    await cleanUp(killed);
    await cleanUp(cut);
  });

  it('while the pod is still Pending leaves nothing in the cluster', async () => {
    const scene = await scenery('plain', 'pending');
    // No node can pull this image: the pod waits for it as it would for a slow registry.
    const image = ['--base-image', 'nothing.invalid/image:1'];
    const connecting = scene.product.slipway(['connect', ...connectArguments.slice(0, 3), ...image]);
    const isPending = async () => (await scene.agents()).some((pod) => pod.status.phase === 'Pending');
    expect(await eventually(isPending, 20_000, 50)).toBe(true);
    await scene.product.signal(allProcesses, 'SIGKILL');
    expect((await connecting).code).not.toBe(0);
    expect(await isPending()).toBe(true);
    await goesByItself(scene);
    await cleanUp(scene);
  });
});

/** Cuts the laptop's link without a word to anybody, or mends it. */
async function setLink(scene: Scene, state: 'cut' | 'whole'): Promise<void> {
  const change = state === 'cut' ? '-I' : '-D';
  await must(scene.laptop, ['iptables', change, 'OUTPUT', '-o', 'eth0', '-j', 'DROP']);
  await must(scene.laptop, ['iptables', change, 'INPUT', '-i', 'eth0', '-j', 'DROP']);
}
