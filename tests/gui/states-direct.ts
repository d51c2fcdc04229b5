/** The direct path in the window: by which way, why not, and what is asked before anything is made. */

import type { Stage } from './stage.ts';
import { click, connected, type Scene, text } from './states.ts';

const agree = async (stage: Stage) => {
  await stage.core.call('changeSetting', {
    name: 'directPath',
    context: 'test-frankfurt',
    change: 'set',
    words: ['node-port'],
  });
};

export const directScenes: readonly Scene[] = [
  {
    scenarios: ['fast'],
    shots: [
      {
        name: 'path.direct',
        go: async (stage) => {
          await agree(stage);
          await connected(stage);
          await text(stage, '10.1.2.3:31820');
        },
      },
      {
        name: 'path.agent',
        isContrasted: true,
        go: async (stage) => {
          await click(stage, 'tab', 'Agent');
          await text(stage, 'is reached through the tunnel itself');
        },
      },
      {
        name: 'path.consent',
        isContrasted: true,
        go: async (stage) => {
          await stage.core.call('changeSetting', {
            name: 'directPath',
            context: 'test-frankfurt',
            change: 'set',
            words: ['pod'],
          });
          await click(stage, 'button', 'Settings of the direct path');
          await stage.page.getByRole('combobox', { name: 'Direct path' }).click();
          await stage.page.getByRole('option', { name: 'Through a port on its node' }).click();
          await stage.page.getByRole('dialog').getByText('Who can knock').waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'direct-blocked'],
    shots: [
      {
        name: 'path.blocked',
        go: async (stage) => {
          await agree(stage);
          await connected(stage);
          await text(stage, /node does not answer: 10\.1\.2\.3:31820/);
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'direct-forbidden'],
    shots: [
      {
        name: 'path.forbidden',
        go: async (stage) => {
          await agree(stage);
          await connected(stage, 'Degraded');
        },
      },
    ],
  },
];
