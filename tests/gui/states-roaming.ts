/** What the window shows of a laptop whose own networks need addresses of the cluster's ranges, from the start or after it moved. */
import { expect } from 'vitest';
import type { Stage } from './stage.ts';
import { click, connected, type Scene, text } from './states.ts';

/** Connects, and waits for what the table of ranges says. */
async function routes(stage: Stage, ...words: readonly (string | RegExp)[]): Promise<void> {
  await connected(stage);
  await click(stage, 'tab', /^Routes/);
  for (const one of words) {
    await text(stage, one);
  }
}

export const roamingScenes: readonly Scene[] = [
  {
    scenarios: ['fast', 'roaming'],
    shots: [
      {
        name: 'routes.range-mapped',
        go: (stage) => routes(stage, 'Mapped'),
      },
    ],
  },
  {
    scenarios: ['fast', 'narrowed'],
    shots: [
      {
        name: 'routes.narrowed',
        go: (stage) => routes(stage, 'Single addresses', /Stays with this computer: 10\.96\.4\.0\/24/),
      },
      {
        name: 'preview.mapped-by-choice',
        go: async (stage) => {
          await click(stage, 'button', 'Change what becomes of 10.96.0.0/16');
          await stage.page.getByRole('menuitem', { name: 'By other addresses' }).click();
          await text(stage, '10.96.0.0/16: saved. It counts at once.');
          await text(stage, 'Programs reach it by the addresses of 100.127.0.0/16'); // 198.19.0.0/24 had a meaning before
          await stage.core.call('disconnect', {});
          await stage.page.getByRole('status').filter({ hasText: 'Off' }).first().waitFor();
          await click(stage, 'tab', 'Overview');
          await text(stage, 'You chose it in the settings');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'cut'],
    shots: [
      {
        name: 'routes.cut',
        go: (stage) =>
          routes(
            stage,
            'Routed in part',
            /Stays with this computer: 10\.96\.4\.0\/24/,
            'Programs reach it by the addresses of 198.19.0.0/24',
          ),
      },
    ],
  },
  {
    scenarios: ['fast', 'mapped'],
    shots: [
      {
        name: 'routes.mapped',
        go: (stage) =>
          routes(stage, 'Programs reach it by the addresses of 198.19.0.0/16', 'It covers reserved addresses'),
      },
      {
        name: 'services.mapped',
        go: async (stage) => {
          await click(stage, 'tab', /^Services/);
          await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill('orders');
          await stage.page
            .getByRole('row', { name: /orders/ })
            .first()
            .click();
          await text(stage, /10\.96\.\d+\.\d+ in the cluster/);
          await text(stage, /10\.244\.\d+\.\d+ in the cluster/); // of its endpoints
        },
      },
      {
        name: 'services.found-by-mapped-address',
        go: async (stage) => {
          const told = /198\.19\.\d+\.\d+/.exec(await stage.page.getByRole('grid').innerText())?.[0] ?? 'none';
          await stage.page.keyboard.press('Escape');
          await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill(told);
          await text(stage, '1 of');
          await text(stage, told);
        },
      },
      {
        name: 'pods.mapped',
        go: async (stage) => {
          await click(stage, 'tab', /^Pods/);
          await text(stage, /10\.244\.\d+\.\d+ in the cluster/);
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'dual-stack'],
    shots: [
      {
        name: 'routes.dual-stack',
        go: async (stage) => {
          await routes(stage, 'Programs reach it by the addresses of fd51:1bae::/56');
          await stage.page.getByRole('button', { name: 'Change what becomes of fd00:10:96::/112' }).waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'own-node'],
    shots: [
      {
        name: 'routes.own-node',
        go: (stage) => routes(stage, 'This computer is a node of the cluster and reaches it by itself', 'Left alone'),
      },
    ],
  },
  {
    scenarios: ['fast', 'own-way'],
    shots: [
      {
        name: 'routes.own-way',
        go: (stage) =>
          routes(
            stage,
            'Left alone',
            'This computer has a route to it by a node of the cluster',
            /Stays with this computer: 10\.244\.1\.64\/26/,
          ),
      },
    ],
  },
  {
    scenarios: ['fast', 'every-reason'],
    options: { context: { viewport: { width: 1280, height: 2300 } } },
    shots: [
      {
        name: 'routes.every-reason',
        go: async (stage) => {
          await connected(stage, 'Degraded');
          await click(stage, 'tab', /^Routes/);
          await text(stage, /a cloud’s metadata service/);
          const words = await stage.page.getByRole('main').innerText();
          expect(words).not.toMatch(/Refused by the helper|refused \(/);
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'overruled'],
    shots: [
      {
        name: 'routes.before-a-rule',
        go: (stage) =>
          routes(stage, 'Looked up before a rule that would lead it elsewhere', /5270: from all lookup 52/),
      },
    ],
  },
  {
    scenarios: ['fast', 'docker'],
    shots: [
      {
        name: 'diagnostics.containers',
        go: async (stage) => {
          await connected(stage);
          await stage.page.keyboard.press('Control+Shift+D');
          await text(stage, /docker0/);
          await text(stage, /docker run --dns/);
        },
      },
    ],
  },
];
