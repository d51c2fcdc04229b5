/** Scenes of the pods: on their way, none, not to be seen, many, in trouble, and from a Service to its pod and back. */
import { heldBack } from './held-back.ts';
import type { Stage } from './stage.ts';
import { click, connected, type Scene, text } from './states.ts';

const onPods = async (stage: Stage) => {
  await connected(stage);
  await click(stage, 'tab', /^Pods/);
};
const filter = (stage: Stage, words: string) => stage.page.getByRole('searchbox', { name: 'Filter pods' }).fill(words);
const open = async (stage: Stage, words: string, says: string | RegExp) => {
  await filter(stage, words);
  await stage.page.getByRole('row').nth(1).click();
  await stage.page.getByRole('complementary', { name: /^Pod / }).getByText(says).first().waitFor();
};

const coming = heldBack(['pods']);

export const podScenes: readonly Scene[] = [
  {
    scenarios: ['fast'],
    shots: [
      {
        name: 'pods.off',
        go: async (stage) => {
          await click(stage, 'tab', /^Pods/);
          await click(stage, 'button', 'List pods');
          await stage.page.getByRole('row').nth(4).waitFor();
        },
      },
      {
        name: 'pods',
        isContrasted: true,
        go: async (stage) => {
          await onPods(stage);
          await text(stage, 'OOMKilled');
        },
      },
      {
        name: 'pods.panel',
        isContrasted: true,
        go: async (stage) => {
          await filter(stage, 'cart-');
          await open(stage, 'orders-', /\.pod\.cluster\.local/);
          await click(stage, 'button', 'Test');
          await text(stage, 'Connection is accepted');
        },
      },
      {
        name: 'pods.panel-service',
        go: async (stage) => {
          await stage.page.getByRole('complementary').getByRole('button', { name: 'orders', exact: true }).click();
          await stage.page.getByRole('complementary', { name: /^Service orders/ }).waitFor();
        },
      },
      {
        name: 'pods.panel-from-endpoint',
        go: async (stage) => {
          await stage.page
            .getByRole('button', { name: /^Show the pod orders-/ })
            .first()
            .click();
          await stage.page.getByRole('complementary', { name: /^Pod orders-/ }).waitFor();
        },
      },
      {
        name: 'pods.panel-crash-loop',
        isContrasted: true,
        go: (stage) => open(stage, 'CrashLoopBackOff', /back-off 5m0s/),
      },
      { name: 'pods.panel-pending', go: (stage) => open(stage, 'search-reindex', /Insufficient memory/) },
      { name: 'pods.panel-host-network', go: (stage) => open(stage, 'node-agent', /fd00:40::11/) },
      {
        name: 'pods.no-match',
        go: async (stage) => {
          await stage.page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
          await filter(stage, 'no such pod');
          await text(stage, /No pod matches/);
        },
      },
      {
        name: 'pods.not-ready',
        go: async (stage) => {
          await filter(stage, '');
          await click(stage, 'button', 'Not ready');
          await text(stage, 'Evicted');
        },
      },
      {
        name: 'pods.grouped',
        go: async (stage) => {
          await click(stage, 'button', 'Not ready');
          await click(stage, 'button', 'Group');
        },
      },
    ],
  },
  {
    scenarios: ['fast'],
    options: { beforePage: coming.within },
    shots: [{ name: 'pods.loading', go: async (stage) => void (await onPods(stage)) }],
  },
  {
    scenarios: ['fast', 'empty'],
    shots: [
      {
        name: 'pods.none',
        go: async (stage) => {
          await onPods(stage);
          await text(stage, 'No pods');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'forbidden-services'],
    shots: [
      {
        name: 'pods.forbidden',
        go: async (stage) => {
          await stage.core.call('connect', { context: 'test-frankfurt' });
          await stage.core.reachesPhase('connected');
          await click(stage, 'tab', /^Pods/);
          await text(stage, /may not list pods/);
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'long-names'],
    shots: [
      {
        name: 'pods.long-names',
        isContrasted: true,
        go: async (stage) => {
          await onPods(stage);
          await open(stage, 'payment-reconciliation', /\.pod\.cluster\.local/);
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'many-pods'],
    shots: [
      {
        name: 'pods.many',
        go: async (stage) => {
          await onPods(stage);
          await text(stage, '2,000 pods');
          await stage.page.getByRole('grid').focus();
          await stage.page.keyboard.press('End');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'long-names'],
    options: { context: { viewport: { width: 720, height: 520 } } },
    shots: [
      {
        name: 'pods.narrow',
        go: async (stage) => {
          await onPods(stage);
          await stage.page.getByRole('row').nth(3).waitFor();
        },
      },
      {
        name: 'pods.narrow-panel',
        go: async (stage) => {
          await filter(stage, 'payment-reconciliation');
          await stage.page.getByRole('row').nth(1).click();
          await stage.page.getByRole('dialog').waitFor();
        },
      },
    ],
  },
];
