/** How the states of names that a cluster does not answer for are brought about. */
import { click, connected, type Scene, text } from './states.ts';

export const nameScenes: readonly Scene[] = [
  {
    scenarios: ['fast', 'registered-domain'],
    shots: [
      {
        name: 'routes.domain-refused',
        go: async (stage) => {
          await connected(stage, 'Connected');
          await click(stage, 'tab', /^Routes/);
          await text(stage, /only svc\.k8s\.example\.com and pod\.k8s\.example\.com are the cluster/);
        },
      },
      {
        name: 'routes.domain-given',
        go: async (stage) => {
          await click(stage, 'button', 'Let this cluster answer for all of k8s.example.com');
          await click(stage, 'button', 'Take back');
          await click(stage, 'button', 'Let this cluster answer for all of k8s.example.com');
          await text(stage, 'All of it, as you allowed');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'stub-domains'],
    shots: [
      {
        name: 'settings.domain-offered',
        go: async (stage) => {
          await connected(stage, 'Connected');
          await stage.page.keyboard.press('Control+,');
          await stage.page.getByText('This cluster’s nameservers also know corp.example').scrollIntoViewIfNeeded();
          await text(stage, 'Answer for corp.example');
        },
      },
      {
        name: 'settings.domain-taken',
        go: async (stage) => {
          await click(stage, 'button', 'Answer for corp.example');
          await stage.page
            .getByText('This cluster’s nameservers also know corp.example')
            .waitFor({ state: 'detached' });
        },
      },
    ],
  },
];
