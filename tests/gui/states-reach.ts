/** What the window shows while the connection is on and something does not get there: never a plain "Connected". */
import type { Scenario } from '../../app/fakes/scenarios.ts';
import { click, connected, type Scene, text } from './states.ts';

const broken = (scenario: Scenario, words: RegExp): Scene => ({
  scenarios: ['fast', scenario],
  shots: [
    {
      name: `home.${scenario}`,
      go: async (stage) => {
        await connected(stage, 'Degraded');
        await text(stage, /but something does not work/);
        await text(stage, words);
      },
    },
    {
      name: `diagnostics.${scenario}`,
      go: async (stage) => {
        await stage.page.keyboard.press('Control+Shift+D');
        await text(stage, words);
        await stage.page.getByText('failed', { exact: true }).first().waitFor();
      },
    },
  ],
});

export const reachScenes: readonly Scene[] = [
  broken('route-taken', /Packets to 10\.96\.0\.0\/16 do not enter the tunnel/),
  broken('egress-blocked', /Nothing in the cluster answers the agent in namespace/),
  {
    scenarios: ['fast', 'conflict'],
    shots: [
      {
        name: 'home.range-refused',
        go: async (stage) => {
          await stage.core.call('connect', { context: 'test-frankfurt' });
          await text(stage, /10\.96\.0\.0\/16 is not routed/);
        },
      },
      {
        name: 'home.range-excluded',
        go: async (stage) => {
          await click(stage, 'button', 'Details');
          await click(stage, 'button', 'Exclude 10.96.0.0/16');
          await stage.core.call('disconnect', {});
          await stage.page.getByRole('button', { name: 'Hide details' }).waitFor({ state: 'hidden' });
          await stage.core.call('connect', { context: 'test-frankfurt' });
          await text(stage, 'Services in 10.96.0.0/16 are not reached: you excluded this range');
          await click(stage, 'button', 'Details');
          await stage.page.getByRole('button', { name: 'Stop excluding 10.96.0.0/16' }).waitFor();
        },
      },
    ],
  },
];
