/** What the window shows of a laptop that moved to a network which needs an address of a routed range. */
import { click, connected, type Scene, text } from './states.ts';

export const roamingScenes: readonly Scene[] = [
  {
    scenarios: ['fast', 'roaming'],
    shots: [
      {
        name: 'routes.range-mapped',
        go: async (stage) => {
          await connected(stage);
          await click(stage, 'tab', /^Routes/);
          await text(stage, 'Mapped');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'narrowed'],
    shots: [
      {
        name: 'routes.narrowed',
        go: async (stage) => {
          await connected(stage);
          await click(stage, 'tab', /^Routes/);
          await text(stage, 'Single addresses');
          await text(stage, /Stays with this computer: 10\.96\.4\.0\/24/);
        },
      },
    ],
  },
];
