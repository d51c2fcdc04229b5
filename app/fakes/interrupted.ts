import type { Clock } from '../core/ports.ts';
import type { World } from './world.ts';

/** Takes the cluster's reach away some time after an agent was placed, for so long. */
export function interrupt({ cluster }: World, clock: Clock, after: number, duration: number): void {
  let seen = 0;
  const look = () => {
    if (cluster.timesPlaced > seen && cluster.isReachable) {
      seen = cluster.timesPlaced;
      clock.after(after, () => {
        cluster.isReachable = false;
        if (Number.isFinite(duration)) {
          clock.after(duration, () => {
            cluster.isReachable = true;
            seen -= 1; // and again
          });
        }
      });
    }
    clock.after(200, look);
  };
  look();
}
