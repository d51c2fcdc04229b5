/** A context that is not what was confirmed, and a plugin that may not run. */
import { click, type Scene, status, text } from './states.ts';

export const confirmedScenes: readonly Scene[] = [
  {
    scenarios: ['fast'],
    shots: [
      {
        name: 'home.confirm-environment',
        go: async (stage) => {
          await click(stage, 'button', /^production-payments/);
          await stage.page.keyboard.press('Control+Enter');
          const dialog = stage.page.getByRole('dialog');
          await dialog.getByText('chooses a configuration').waitFor();
          await dialog.getByText('payments-production').waitFor({ state: 'hidden' });
          await dialog.getByRole('button', { name: 'Show values' }).click();
          await dialog.getByText('payments-production').waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'changed-context'],
    shots: [
      {
        name: 'home.confirm-changed',
        go: async (stage) => {
          await click(stage, 'button', /^staging-eu/);
          await stage.page.keyboard.press('Control+Enter');
          const dialog = stage.page.getByRole('dialog', { name: 'This context changed. Use it as it is now?' });
          await dialog.getByText('https://203.0.113.99:6443').first().waitFor();
          await dialog.getByRole('table').getByText('https://203.0.113.40:6443').waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'changed-while-on'],
    shots: [
      {
        name: 'failed.context-changed',
        go: async (stage) => {
          await status(stage, 'Failed');
          await text(stage, 'The context test-frankfurt has changed');
          await stage.page.getByRole('table').getByText('https://203.0.113.99:6443').waitFor();
        },
      },
      {
        name: 'failed.context-changed.confirm',
        go: async (stage) => {
          await click(stage, 'button', 'Review and confirm');
          const dialog = stage.page.getByRole('dialog', { name: 'This context changed. Use it as it is now?' });
          await dialog.getByText('can run other code').waitFor();
          await dialog.getByRole('button', { name: 'Show values' }).click();
          await dialog.getByText('/home/jane/checkout/lib/colors.so').waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'plugins-refused'],
    shots: [
      {
        name: 'home.plugin-refused',
        go: async (stage) => {
          await click(stage, 'button', /^production-payments/);
          await stage.page.keyboard.press('Control+Enter');
          await stage.page
            .getByRole('dialog')
            .getByText(/Your kuberc does not allow/)
            .waitFor();
        },
      },
    ],
  },
];
