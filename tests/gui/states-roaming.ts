/** What the window shows of a laptop that moved to a network which needs an address of a routed range. */
import { click, connected, type Scene, text } from './states.ts';

export const roamingScenes: readonly Scene[] = [
  {
    scenarios: ['fast', 'roaming'],
    shots: [
      {
        name: 'home.range-withdrawn',
        go: async (stage) => {
          await connected(stage);
          await text(stage, /10\.244\.0\.0\/24 is left out while this computer needs/);
        },
      },
      {
        name: 'routes.range-withdrawn',
        go: async (stage) => {
          await click(stage, 'tab', /^Routes/);
          await text(stage, '10.244.0.0/23');
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
