/** Scenes of the time bar: whose time a test's connection took, in the panel and in Diagnostics. */
import type { Scenario } from '../../app/fakes/scenarios.ts';
import type { Stage } from './stage.ts';
import { click, connected, type Scene, text } from './states.ts';

const open = async (stage: Stage, service: string) => {
  await stage.page.keyboard.press('Control+Shift+S');
  await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill(service);
  await stage.page.getByRole('row', { name: new RegExp(`^${service} `) }).click();
};
const tested = async (stage: Stage, service: string, verdict: RegExp) => {
  await open(stage, service);
  await click(stage, 'button', 'Test');
  await text(stage, verdict);
};

const blamed = (name: string, scenarios: readonly Scenario[], verdict: RegExp): Scene => ({
  scenarios: ['fast', ...scenarios],
  shots: [
    {
      name: `times.${name}`,
      isContrasted: name === 'service',
      go: async (stage) => {
        await connected(stage);
        await tested(stage, 'orders', verdict);
      },
    },
    {
      name: `times.${name}-explained`,
      go: async (stage) => {
        await stage.page.keyboard.press('Control+Shift+D');
        const field = stage.page.getByRole('textbox', { name: 'orders.webshop:80' });
        await field.fill('orders.webshop:80');
        await field.press('Enter');
        await text(stage, verdict);
      },
    },
  ],
});

export const timeScenes: readonly Scene[] = [
  {
    scenarios: ['fast'],
    shots: [
      {
        name: 'times.not-measured',
        go: async (stage) => {
          await connected(stage);
          await open(stage, 'orders');
          await stage.page.getByRole('button', { name: 'Test', exact: true }).waitFor();
        },
      },
      { name: 'times.quick', go: (stage) => tested(stage, 'orders', /nothing is slow/) },
      { name: 'times.service-unknown', go: (stage) => tested(stage, 'orders-db', /not measured/) },
    ],
  },
  blamed('service', ['slow-services'], /the service itself is slow/i),
  blamed('tunnel', ['slow-tunnel'], /the tunnel is slow/i),
  blamed('dial', ['slow-dial'], /connecting inside the cluster is slow/i),
  blamed('laptop', ['slow-laptop'], /this computer is slow/i),
  blamed('several', ['slow-all'], /no part is slow alone/i),
  {
    scenarios: ['fast', 'slow-services'],
    options: { context: { viewport: { width: 720, height: 520 } } },
    shots: [
      {
        name: 'narrow.times',
        go: async (stage) => {
          await connected(stage);
          await tested(stage, 'orders', /the service itself is slow/i);
        },
      },
    ],
  },
];
