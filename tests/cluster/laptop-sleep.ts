/** A laptop that sleeps and wakes in another place: all of ours stands still, and meanwhile its address changes. */
import { moveAddress } from './laptop-moves.ts';
import { allProcesses, signalAll } from './product.ts';
import { eventually } from './programs.ts';
import type { Scene } from './scene.ts';

/** Sleeps until `wakes` is true and answers whether that came in time, with what takes the laptop's address back. */
export async function sleepAndMove(
  scene: Scene,
  wakes: () => Promise<boolean>,
  deadline: number,
): Promise<{ woke: boolean; moveBack: () => Promise<void> }> {
  const ids = await scene.product.signal(allProcesses, 'SIGSTOP');
  try {
    const moveBack = await moveAddress(scene);
    return { woke: await eventually(wakes, deadline, 500), moveBack };
  } finally {
    signalAll(ids, 'SIGCONT');
  }
}
