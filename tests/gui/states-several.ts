/** What the window shows while two clusters are on: which one's names are in force, and how the other's are asked. */
import { click, connected, type Scene, status, text } from './states.ts';

export const severalScenes: readonly Scene[] = [
  {
    scenarios: ['fast'],
    shots: [
      {
        name: 'home.second-cluster',
        go: async (stage) => {
          await connected(stage);
          await stage.core.call('connect', { context: 'staging-eu' });
          await stage.page.getByRole('button', { name: /^staging-eu/ }).click();
          await status(stage, 'Connected');
          await text(stage, /names end in \.staging-eu/);
        },
      },
      {
        name: 'routes.second-cluster',
        go: async (stage) => {
          await click(stage, 'tab', /^Routes/);
          await text(stage, 'Plain names are those of another cluster that is on');
          await text(stage, 'NAME.NAMESPACE.staging-eu');
          await text(stage, 'Mapped');
        },
      },
      {
        name: 'routes.preferred-cluster',
        go: async (stage) => {
          await click(stage, 'button', /Use this cluster.s names/);
          await text(stage, '/etc/resolv.conf, with the original servers behind ours');
        },
      },
      {
        name: 'settings.preferred-cluster',
        go: async (stage) => {
          await stage.page.keyboard.press('Control+,');
          const choice = stage.page.getByRole('combobox', { name: 'Plain names, while several clusters are on' });
          await choice.filter({ hasText: 'staging-eu' }).scrollIntoViewIfNeeded();
        },
      },
      {
        name: 'flows.of-one-of-two',
        go: async (stage) => {
          await stage.page.keyboard.press('Control+Shift+G');
          await text(stage, 'Which program here has which connection into staging-eu');
          await stage.page.getByRole('searchbox').fill('postgres-replica.infra');
          await stage.page
            .getByRole('row', { name: /postgres-replica/ })
            .first()
            .waitFor();
        },
      },
    ],
  },
];
