/** What has not come yet is told as on its way, in every view, and never as nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandName, StreamName } from '../../app/contract/index.ts';
import type { Scenario } from '../../app/fakes/scenarios.ts';
import type { Tab, View } from '../../renderer/store/window.ts';
import { root } from './gui-options.ts';
import { heldBack } from './held-back.ts';
import { openBrowser, type Stage, setStage } from './stage.ts';
import { click, text } from './states.ts';

const folder = join(root, 'renderer/words/en');
const words: Readonly<Record<string, string>> = Object.assign(
  {},
  ...readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8'))),
);
const en = (id: string): string => {
  const found = words[id];
  if (found === undefined) {
    throw new Error(`there are no words ${id}`);
  }
  return found;
};

/** Each way to say that there is nothing. */
const nothing = [
  'services.noneTitle',
  'services.noneHint',
  'services.noMatchTitle',
  'services.noMatchText',
  'services.idleTitle',
  'services.noEndpoints',
  'pods.noneTitle',
  'pods.noneHint',
  'pods.noMatchTitle',
  'pods.noMatchText',
  'pods.idleTitle',
  'pods.noServices',
  'flows.none',
  'flows.nothingFits',
  'flows.off',
  'activity.empty',
  'activity.nothingFits',
  'activity.count',
  'settings.noFiles',
  'home.noContextTitle',
  'home.chooseTitle',
  'shell.noContextsHint',
  'shell.noClusterFits',
  'shell.paletteEmpty',
  'welcome.noneFound',
  'kit.nothingFits',
  'routes.none',
] as const;

/** The words before their first value: `No pod matches “`. */
const sentences = nothing
  .map((id) => en(id).split('{')[0]?.trim() ?? '')
  .filter((sentence) => sentence.length > 4)
  .concat('0 of 0', '0 services', '0 pods', 'No entries');

interface Waiting {
  readonly scenarios: readonly Scenario[];
  readonly held: readonly (StreamName | CommandName)[];
  readonly go: (stage: Stage) => Promise<unknown>;
  /** What says that something comes; null where the view shows what it has, and nothing for what it has not. */
  readonly says: string | null;
  /** What is there once it came. */
  readonly afterwards: string | RegExp;
}

const press = (keys: string, heading?: string) => async (stage: Stage) => {
  await stage.page.keyboard.press(keys);
  if (heading !== undefined) {
    await stage.page.getByRole('heading', { level: 1, name: heading }).waitFor();
  }
};
const type = async (stage: Stage, words: string) => {
  await stage.page.keyboard.press('Control+k');
  await stage.page.keyboard.type(words);
};
const connected: readonly Scenario[] = ['fast', 'connected'];

/** Every page and every tab; what else waits is named behind it. */
const views = {
  'tab services': {
    scenarios: connected,
    held: ['services'],
    go: press('Control+Shift+S'),
    says: en('services.loading'),
    afterwards: /^orders/,
  },
  'tab pods': {
    scenarios: connected,
    held: ['pods'],
    go: press('Control+Shift+O'),
    says: en('pods.loading'),
    afterwards: /^cart-old/,
  },
  'tab routes': {
    scenarios: connected,
    held: ['services', 'counters'],
    go: (stage) => click(stage, 'tab', /^Routes/),
    says: null,
    afterwards: '10.96.0.0/16',
  },
  'tab agent': {
    scenarios: connected,
    held: ['runChecks'],
    go: async (stage) => {
      await click(stage, 'tab', 'Agent');
      await click(stage, 'button', 'Check');
    },
    says: en('home.agentChecking'),
    afterwards: 'Your rights',
  },
  'page cluster': {
    scenarios: ['fast'],
    held: ['listContexts'],
    go: async () => {},
    says: en('home.contextsLoading'),
    afterwards: 'What connecting changes',
  },
  'page flows': {
    scenarios: connected,
    held: ['flows'],
    go: press('Control+Shift+G', 'Flows'),
    says: en('flows.loading'),
    afterwards: 'psql',
  },
  'page activity': {
    scenarios: connected,
    held: ['activity'],
    go: press('Control+Shift+L', 'Activity'),
    says: en('kit.loading'),
    afterwards: 'Slipway started',
  },
  'page diagnostics': {
    scenarios: connected,
    held: ['runChecks'],
    go: press('Control+Shift+D', 'Diagnostics'),
    says: en('diagnostics.running'),
    afterwards: 'In the cluster',
  },
  'page settings': {
    scenarios: ['fast'],
    held: ['listContexts'],
    go: press('Control+,', 'Settings'),
    says: en('kit.loading'),
    afterwards: '/home/jane/.kube/config',
  },
  'page about': {
    scenarios: ['fast'],
    held: ['listContexts', 'activity'],
    go: async (stage) => {
      await type(stage, 'About Slipway');
      await stage.page.keyboard.press('Enter');
      await stage.page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
    },
    says: null,
    afterwards: 'Versions',
  },
  'the settings themselves': {
    scenarios: ['fast'],
    held: ['getSettings'],
    go: async () => {},
    says: en('shell.connectingCore'),
    afterwards: 'What connecting changes',
  },
  'the first run': {
    scenarios: ['fast', 'first-run'],
    held: ['listContexts'],
    go: async () => {},
    says: en('welcome.looking'),
    afterwards: 'test-frankfurt',
  },
  'services of a cluster that is off': {
    scenarios: ['fast'],
    held: ['listServices'],
    go: async (stage) => {
      await click(stage, 'tab', /^Services/);
      await click(stage, 'button', 'List services');
    },
    says: en('services.loading'),
    afterwards: /^orders/,
  },
  'pods of a cluster that is off': {
    scenarios: ['fast'],
    held: ['listPods'],
    go: async (stage) => {
      await click(stage, 'tab', /^Pods/);
      await click(stage, 'button', 'List pods');
    },
    says: en('pods.loading'),
    afterwards: /^cart-old/,
  },
  'the panel of a pod': {
    scenarios: connected,
    held: ['services'],
    go: async (stage) => {
      await stage.page.keyboard.press('Control+Shift+O');
      await stage.page.getByRole('searchbox', { name: 'Filter pods' }).fill('orders-');
      await stage.page.getByRole('row').nth(1).click();
      await stage.page.getByRole('complementary').waitFor();
    },
    says: en('services.loading'),
    afterwards: 'orders',
  },
  'a pod in the palette': {
    scenarios: connected,
    held: ['pods'],
    go: (stage) => type(stage, 'images-resize'),
    says: en('kit.loading'),
    afterwards: /images-resize-/,
  },
  'a Service in the palette': {
    scenarios: connected,
    held: ['services'],
    go: (stage) => type(stage, 'legacy-so'),
    says: en('kit.loading'),
    afterwards: /legacy-soap/,
  },
  'a cluster in the palette': {
    scenarios: ['fast'],
    held: ['listContexts'],
    go: (stage) => type(stage, 'staging-e'),
    says: en('kit.loading'),
    afterwards: /staging-eu/,
  },
} as const satisfies Record<`page ${View}` | `tab ${Tab}`, Waiting> & Record<string, Waiting>;

describe('while it waits', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it.each(Object.entries(views))('%s', async (_name, view) => {
    const { scenarios, held, go, says, afterwards }: Waiting = view;
    const waiting = heldBack(held);
    const stage = await setStage(browser, scenarios, {
      beforePage: waiting.within,
      isWaiting: held.includes('getSettings'),
    });
    try {
      if (scenarios === connected) {
        await stage.core.reachesPhase('connected');
        await stage.page.getByRole('status').filter({ hasText: 'Connected' }).first().waitFor();
      }
      await go(stage);
      if (says !== null) {
        await stage.page.getByText(says).first().waitFor({ state: 'attached' });
      }
      const seen = await stage.page.locator('body').innerText();
      expect(sentences.filter((sentence) => sentence !== says && seen.includes(sentence))).toEqual([]);
      waiting.release();
      await text(stage, afterwards);
    } finally {
      await stage.close();
    }
  });
});
