/** A laptop that sleeps and wakes in another place: all of ours stands still, and meanwhile its address changes. */
import { allProcesses, signalAll } from './product.ts';
import { eventually, must } from './programs.ts';
import type { Scene } from './scene.ts';

/** Sleeps until `wakes` is true and answers whether that came in time, with what takes the laptop's address back. */
export async function sleepAndMove(
  scene: Scene,
  wakes: () => Promise<boolean>,
  deadline: number,
): Promise<{ woke: boolean; moveBack: () => Promise<void> }> {
  const ids = await scene.product.signal(allProcesses, 'SIGSTOP');
  try {
    const moveBack = await move(scene);
    return { woke: await eventually(wakes, deadline, 500), moveBack };
  } finally {
    signalAll(ids, 'SIGCONT');
  }
}

/** Gives the laptop another address in its LAN, with the same way out. */
async function move(scene: Scene): Promise<() => Promise<void>> {
  const route = await must(scene.laptop, ['ip', '-o', '-4', 'route', 'show', 'default']);
  const device = /dev (\S+)/.exec(route)?.[1] ?? '';
  const gateway = /via (\S+)/.exec(route)?.[1] ?? '';
  const shown = await must(scene.laptop, ['ip', '-o', '-4', 'address', 'show', 'dev', device]);
  const old = / inet (\S+)/.exec(shown)?.[1] ?? '';
  const moved = old.replace(/^.*\//, `${scene.spareAddress}/`);
  const change = async (from: string, to: string) => {
    const script = `ip address delete ${from} dev ${device}; ip address add ${to} broadcast + dev ${device}; ip route replace default via ${gateway} dev ${device}`;
    await must(scene.laptop, ['sh', '-c', script]);
  };
  await change(old, moved);
  return () => change(moved, old);
}
