/** Scenes of a measurement: offered, under way with what is known, done, cancelled, failed, of a connection that cannot be measured. */
import type { Stage } from './stage.ts';
import { click, connect, connected, type Scene, status, text } from './states.ts';
import { connectByProxy } from './states-proxy.ts';

const agentTab = async (stage: Stage) => {
  await connected(stage);
  await click(stage, 'tab', 'Agent');
};
const speed = (stage: Stage) => stage.page.getByRole('region', { name: 'Speed', exact: true });
const atSpeed = (stage: Stage) => speed(stage).scrollIntoViewIfNeeded();

export const benchScenes: readonly Scene[] = [
  {
    scenarios: ['fast'],
    shots: [
      {
        name: 'bench.offered',
        go: async (stage) => {
          await agentTab(stage);
          await text(stage, /It moves as much as it can, at most 1 GB/);
          await atSpeed(stage);
        },
      },
      {
        name: 'bench.done',
        isContrasted: true,
        go: async (stage) => {
          await speed(stage).getByRole('button', { name: 'Measure' }).focus();
          await stage.page.keyboard.press('Enter'); // by keyboard
          await status(stage, 'through the API server');
          await stage.page.getByRole('grid', { name: 'Throughput' }).getByText('Upload, 8 connections').waitFor();
          await text(stage, '100, and 1 unanswered');
          await speed(stage).getByRole('button', { name: 'Measure again' }).waitFor();
          await atSpeed(stage);
        },
      },
      {
        name: 'bench.found-by-name',
        go: async (stage) => {
          await stage.page.keyboard.press('Control+K');
          await stage.page.keyboard.type('measure the speed');
          await stage.page.getByRole('option', { name: /Measure the speed of the connection/ }).waitFor();
        },
      },
      {
        name: 'bench.measured-by-name',
        go: async (stage) => {
          await stage.page.keyboard.press('Enter');
          await speed(stage).getByRole('button', { name: 'Cancel' }).waitFor();
          await speed(stage).getByRole('button', { name: 'Measure again' }).waitFor();
        },
      },
      {
        name: 'bench.of-another',
        go: async (stage) => {
          await connect(stage, 'staging-eu');
          await stage.page
            .getByRole('button', { name: /staging-eu/ })
            .first()
            .click();
          await click(stage, 'tab', 'Agent');
          await speed(stage).getByRole('button', { name: 'Measure', exact: true }).waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'slow-bench', 'busy'],
    shots: [
      {
        name: 'bench.measuring',
        isContrasted: true,
        go: async (stage) => {
          await agentTab(stage);
          await click(stage, 'button', 'Measure');
          await stage.page.getByRole('grid', { name: 'Throughput' }).getByText('Download, 1 connection').waitFor();
          await stage.page.getByRole('progressbar').waitFor();
          await text(stage, /This computer had more to do than processors/);
          await atSpeed(stage);
        },
      },
      {
        name: 'bench.cancelled',
        go: async (stage) => {
          await click(stage, 'button', 'Cancel');
          await status(stage, 'Cancelled. What was measured by then is shown.');
          await stage.page.getByRole('progressbar').waitFor({ state: 'detached' });
          await atSpeed(stage);
        },
      },
      {
        name: 'bench.ended-with-the-connection',
        go: async (stage) => {
          await click(stage, 'button', 'Measure again');
          await stage.page.getByRole('progressbar').waitFor();
          await stage.core.call('disconnect', {});
          await connected(stage);
          await click(stage, 'tab', 'Agent');
          await text(stage, 'there is no connection to measure');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'bench-fails'],
    shots: [
      {
        name: 'bench.failed',
        go: async (stage) => {
          await agentTab(stage);
          await click(stage, 'button', 'Measure');
          await text(stage, 'This connection is being measured already');
          await atSpeed(stage);
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'helper-missing'],
    shots: [
      {
        name: 'bench.by-proxy',
        go: async (stage) => {
          await connectByProxy(stage);
          await click(stage, 'tab', 'Agent');
          await text(stage, /This connection is a proxy, and what is measured is reached by an interface/);
          await atSpeed(stage);
        },
      },
    ],
  },
  {
    scenarios: ['fast'],
    options: { context: { viewport: { width: 720, height: 520 } } },
    shots: [
      {
        name: 'narrow.bench.done',
        go: async (stage) => {
          await agentTab(stage);
          await click(stage, 'button', 'Measure');
          await status(stage, 'through the API server');
          await stage.page.getByRole('grid', { name: 'Throughput' }).scrollIntoViewIfNeeded();
        },
      },
    ],
  },
];
