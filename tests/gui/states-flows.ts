/** Scenes of the flows: none is on, on their way, in every state, of very many, of nobody, and with hostile names. */
import { heldBack } from './held-back.ts';
import type { Stage } from './stage.ts';
import { connected, type Scene, text } from './states.ts';

const go = (keys: string, words: string | RegExp) => async (stage: Stage) => {
  await stage.page.keyboard.press(keys);
  await text(stage, words);
};
const onFlows = go('Control+Shift+G', 'psql');
const search = (stage: Stage, words: string) =>
  stage.page.getByRole('searchbox', { name: /^Filter by program/ }).fill(words);
const open = async (stage: Stage, words: string, row: RegExp, says: string | RegExp) => {
  await search(stage, words);
  await stage.page.getByRole('row', { name: row }).click();
  await stage.page
    .getByRole('complementary', { name: /^Connection to/ })
    .getByText(says)
    .first()
    .waitFor();
};

const coming = heldBack(['flows']);

export const flowScenes: readonly Scene[] = [
  {
    scenarios: ['fast'],
    shots: [
      { name: 'flows.off', go: go('Control+Shift+G', 'No cluster is connected') },
      {
        name: 'flows',
        isContrasted: true,
        go: async (stage) => {
          await stage.page.keyboard.press('Control+Shift+S');
          await connected(stage);
          await onFlows(stage);
        },
      },
      {
        name: 'flows.panel',
        isContrasted: true,
        go: (stage) => open(stage, '', /^psql/, '/usr/lib/postgresql/17/bin/psql'),
      },
      { name: 'flows.panel-refused', go: (stage) => open(stage, 'curl', /Refused/, /nothing listens on this port/) },
      { name: 'flows.panel-stranger', go: (stage) => open(stage, 'postgres', /^of user/, /belongs to another user/) },
      { name: 'flows.panel-unknown', go: (stage) => open(stage, 'grafana', /^not known/, /may run in a container/) },
      {
        name: 'flows.no-match',
        go: async (stage) => {
          await stage.page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
          await search(stage, 'no such program');
          await text(stage, 'No connection matches');
        },
      },
      {
        name: 'flows.failed-only',
        go: async (stage) => {
          await stage.page.getByRole('button', { name: 'Show all' }).click();
          await stage.page.getByRole('button', { name: 'Failed' }).click();
          await text(stage, 'No answer');
        },
      },
      {
        name: 'flows.explained',
        go: async (stage) => {
          await open(stage, '', /Refused/, /nothing listens/);
          await stage.page.getByRole('button', { name: /^Explain the way there/ }).click();
          await text(stage, 'What happens to a packet');
          await text(stage, /^It gets there/);
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'connected'],
    options: { beforePage: coming.within },
    shots: [{ name: 'flows.loading', go: go('Control+Shift+G', 'Flows') }],
  },
  {
    scenarios: ['fast', 'connected', 'no-flows'],
    shots: [{ name: 'flows.none', go: go('Control+Shift+G', /^No program has/) }],
  },
  {
    scenarios: ['fast', 'connected', 'many-flows', 'unknown-programs'],
    shots: [{ name: 'flows.many', go: go('Control+Shift+G', /busiest are listed/) }],
  },
  {
    scenarios: ['fast', 'connected', 'hostile'],
    shots: [
      {
        name: 'flows.hostile',
        go: async (stage) => {
          await go('Control+Shift+G', /connections/)(stage);
          await stage.page.getByRole('button', { name: 'Age' }).click(); // those that are hostile are the oldest
          await stage.page.getByRole('row').nth(1).click();
          await stage.page.getByRole('complementary', { name: /^Connection to/ }).waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'connected'],
    options: { context: { viewport: { width: 720, height: 520 } } },
    shots: [{ name: 'narrow.flows', go: onFlows }],
  },
];
