/** How each state of the window is brought about: scenarios of the fake world, then what somebody does. */
import type { Scenario } from '../../app/fakes/scenarios.ts';
import type { Stage, StageOptions } from './stage.ts';

export interface Shot {
  readonly name: string;
  /** What leads here from the shot before, or from the first page. */
  readonly go: (stage: Stage) => Promise<void>;
  /** Also with more contrast. */
  readonly isContrasted?: boolean;
}

export interface Scene {
  readonly scenarios: readonly Scenario[];
  readonly options?: StageOptions;
  readonly shots: readonly Shot[];
}

export const text = (stage: Stage, words: string | RegExp) => stage.page.getByText(words).first().waitFor();
export const click = (stage: Stage, role: 'button' | 'tab', name: string | RegExp) =>
  stage.page.getByRole(role, { name, exact: true }).first().click();
export const connect = (stage: Stage, context = 'test-frankfurt') => stage.core.call('connect', { context });
export const status = (stage: Stage, words: string) =>
  stage.page.getByRole('status').filter({ hasText: words }).first().waitFor();

const openPanel = async (stage: Stage, filter: string, row: RegExp) => {
  await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill(filter);
  await stage.page.getByRole('row', { name: row }).click();
};

/** Connects, and waits for what the window makes of it. */
export const connected = async (stage: Stage, words = 'Connected') => {
  await connect(stage);
  await status(stage, words);
};
/** A state that a failed connect ends in, with the words of its problem. */
const failed = (name: string, scenarios: readonly Scenario[], words: string | RegExp): Scene => ({
  scenarios: ['fast', ...scenarios],
  shots: [
    {
      name: `failed.${name}`,
      go: async (stage) => {
        await connect(stage);
        await status(stage, 'Failed');
        await text(stage, words);
      },
    },
  ],
});

export const clusterScenes: readonly Scene[] = [
  {
    scenarios: ['fast'],
    shots: [
      { name: 'home.off', isContrasted: true, go: (stage) => text(stage, 'What connecting changes') },
      {
        name: 'home.confirm-plugin',
        go: async (stage) => {
          await click(stage, 'button', /^production-payments/);
          await stage.page.keyboard.press('Control+Enter');
          await stage.page.getByRole('dialog').getByText('/usr/local/bin/aws').waitFor();
        },
      },
      {
        name: 'home.context-broken',
        go: async (stage) => {
          await stage.page.keyboard.press('Escape');
          await click(stage, 'button', /old-cluster/);
          await text(stage, /which no file defines/);
        },
      },
      {
        name: 'services.off',
        go: async (stage) => {
          await click(stage, 'button', /test-frankfurt/);
          await click(stage, 'tab', /^Services/);
          await click(stage, 'button', 'List services');
          await stage.page.getByRole('row').nth(4).waitFor();
        },
      },
      {
        name: 'home.connected',
        isContrasted: true,
        go: async (stage) => {
          await stage.page.getByRole('switch', { name: 'Connection to test-frankfurt' }).click();
          await status(stage, 'Connected');
          await stage.page.getByRole('img', { name: /Round trip/ }).waitFor();
        },
      },
      {
        name: 'services.panel',
        isContrasted: true,
        go: async (stage) => {
          await openPanel(stage, 'orders', /^orders webshop/);
          await click(stage, 'button', 'Test');
          await text(stage, 'Connection is accepted');
        },
      },
      {
        name: 'services.open-in-browser',
        go: async (stage) => {
          await click(stage, 'button', 'Open in browser');
          await stage.page.getByRole('dialog').waitFor();
        },
      },
      {
        name: 'services.panel-headless',
        go: async (stage) => {
          await stage.page.keyboard.press('Escape');
          await openPanel(stage, 'kafka', /^kafka infra/);
          await stage.page.getByRole('complementary').getByText('Headless').first().waitFor();
        },
      },
      {
        name: 'services.panel-external-name',
        go: async (stage) => {
          await openPanel(stage, 'legacy-soap', /^legacy-soap webshop/);
          await stage.page.getByRole('complementary').getByText('soap.partner.example.com').first().waitFor();
        },
      },
      {
        name: 'services.no-match',
        go: async (stage) => {
          await stage.page.getByRole('complementary').getByRole('button', { name: 'Close' }).click();
          await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill('no such service');
          await text(stage, /No service matches/);
        },
      },
      {
        name: 'services.grouped',
        go: async (stage) => {
          await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill('');
          await click(stage, 'button', 'Group');
        },
      },
      {
        name: 'routes',
        isContrasted: true,
        go: async (stage) => {
          await click(stage, 'button', 'Group');
          await click(stage, 'tab', /^Routes/);
          await click(stage, 'button', 'Test resolvers');
          await text(stage, 'answers');
        },
      },
      { name: 'agent', go: (stage) => click(stage, 'tab', 'Agent') },
      {
        name: 'home.proof',
        go: async (stage) => {
          await stage.core.call('disconnect', {});
          await text(stage, 'No agent of this computer');
        },
      },
    ],
  },
  {
    scenarios: ['slow'],
    shots: [
      {
        name: 'home.preparing',
        isContrasted: true,
        go: async (stage) => {
          await connect(stage);
          await text(stage, 'Start the agent in the cluster');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'conflict-extra'],
    shots: [{ name: 'home.degraded', go: (stage) => connected(stage, 'Degraded') }],
  },
  {
    scenarios: ['fast', 'names-unset'],
    shots: [{ name: 'home.names-unset', go: (stage) => connected(stage, 'Degraded') }],
  },
  {
    scenarios: ['fast', 'gone'],
    shots: [
      {
        name: 'home.reconnecting',
        go: async (stage) => {
          await connect(stage);
          await status(stage, 'Reconnecting');
          await text(stage, /Next try in|Trying now/);
          // What was measured before says nothing of now.
          await stage.page.getByRole('img', { name: /Round trip|Traffic/ }).waitFor({ state: 'detached' });
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'left-over'],
    shots: [
      {
        name: 'home.left-over',
        go: async (stage) => {
          await connected(stage);
          await stage.core.call('disconnect', {});
          await text(stage, 'left behind');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'empty'],
    shots: [
      {
        name: 'services.none',
        go: async (stage) => {
          await connected(stage);
          await text(stage, 'No services');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'forbidden-services'],
    shots: [
      {
        name: 'services.forbidden',
        go: async (stage) => {
          await connect(stage);
          await stage.core.reachesPhase('connected');
          await text(stage, /may not list services/);
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'many-services'],
    shots: [
      {
        name: 'services.many',
        go: async (stage) => {
          await connected(stage);
          await text(stage, /10,000 services/);
          await stage.page.getByRole('grid').focus();
          await stage.page.keyboard.press('End');
        },
      },
    ],
  },
];

export const troubleScenes: readonly Scene[] = [
  failed('401', ['unauthorized'], /does not accept these credentials/),
  failed('403', ['forbidden'], /may not create jobs/),
  failed('helper-missing', ['helper-missing'], /helper is not running/),
  failed('helper-old', ['helper-old'], /helper is a different version/),
  failed('helper-refused', ['helper-refused'], /helper refused/),
  failed('agent-crash', ['agent-crash'], /out of memory/),
  failed('agent-image', ['agent-image'], /cannot pull the image/),
  failed('conflict', ['conflict-all'], /collides|No cluster range/),
  failed('offline', ['offline'], /does not answer/),
  failed('no-tun', ['no-tun'], /No TUN device/),
  {
    scenarios: ['fast', 'agent-pending'],
    shots: [
      {
        name: 'home.agent-pending',
        go: async (stage) => {
          await connect(stage);
          await text(stage, 'waiting for a node');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'no-contexts'],
    shots: [{ name: 'home.no-contexts', go: (stage) => text(stage, 'No cluster yet') }],
  },
  {
    scenarios: ['fast', 'no-kubeconfig'],
    shots: [{ name: 'home.no-kubeconfig', go: (stage) => text(stage, /No kubeconfig was found|No cluster yet/) }],
  },
  {
    scenarios: ['fast', 'broken-kubeconfig'],
    shots: [{ name: 'home.broken-kubeconfig', go: (stage) => text(stage, /line 12/) }],
  },
];

const go = (keys: string, words: string | RegExp) => async (stage: Stage) => {
  await stage.page.keyboard.press(keys);
  await text(stage, words);
};

/** What counts in the desktop app alone is named, not offered. */
const settingsInBrowser = async (stage: Stage) => {
  await go('Control+,', /they have no effect in a browser/)(stage);
  await stage.page.getByText('Recover after a crash').waitFor();
  for (const label of ['Start when you log in', 'Connect at start', 'Notifications', 'When the window is closed']) {
    await stage.page.getByText(label, { exact: true }).waitFor({ state: 'detached' });
  }
};

export const pageScenes: readonly Scene[] = [
  {
    scenarios: ['fast', 'first-run'],
    shots: [
      {
        name: 'welcome',
        isContrasted: true,
        go: (stage) => text(stage, '/opt/Slipway/resources/native/bin/slipway-helper'),
      },
      {
        name: 'welcome.helper-ready',
        go: async (stage) => {
          await click(stage, 'button', 'Start the helper');
          await text(stage, 'ready');
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'first-run', 'root', 'in-sandbox'],
    shots: [
      {
        name: 'welcome.root-in-sandbox',
        go: async (stage) => {
          await text(stage, /nobody is asked for a password/);
          if ((await stage.page.getByRole('button', { name: /sandbox/i }).count()) > 0) {
            throw new Error('a sandbox is offered inside of one');
          }
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'no-kubeconfig', 'first-run'],
    shots: [{ name: 'welcome.no-kubeconfig', go: (stage) => text(stage, /None was found/) }],
  },
  {
    scenarios: ['fast', 'connected'],
    shots: [
      { name: 'activity', isContrasted: true, go: go('Control+Shift+L', 'Connected') },
      { name: 'diagnostics', isContrasted: true, go: go('Control+Shift+D', 'In the cluster') },
      {
        name: 'diagnostics.report',
        go: async (stage) => {
          await click(stage, 'button', 'Prepare a report');
          await stage.page.getByRole('button', { name: 'Write the zip' }).waitFor();
        },
      },
      { name: 'settings', isContrasted: true, go: settingsInBrowser },
      {
        name: 'settings.end',
        go: async (stage) => {
          await stage.page.getByText('A cluster of your own').scrollIntoViewIfNeeded();
        },
      },
      {
        name: 'about',
        go: async (stage) => {
          await stage.page.keyboard.press('Control+k');
          await stage.page.keyboard.type('About Slipway');
          await stage.page.keyboard.press('Enter');
          await text(stage, 'Versions');
        },
      },
      { name: 'shortcuts', isContrasted: true, go: go('?', 'Keyboard shortcuts') },
      {
        name: 'palette',
        isContrasted: true,
        go: async (stage) => {
          await stage.page.keyboard.press('Escape');
          await stage.page.keyboard.press('Control+k');
          await stage.page.keyboard.type('o');
          await stage.page.getByRole('option').nth(3).waitFor();
        },
      },
    ],
  },
  {
    scenarios: ['fast', 'connected'],
    options: { context: { viewport: { width: 720, height: 520 } } },
    shots: [
      { name: 'narrow.connected', go: (stage) => status(stage, 'Connected') },
      {
        name: 'narrow.panel',
        go: async (stage) => {
          await stage.page.getByRole('row').nth(1).click();
          await stage.page.getByRole('dialog').waitFor();
        },
      },
    ],
  },
];
