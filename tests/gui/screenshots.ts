/**
 * The pictures of the documents: the real window behind the web host, in front of the real core on the fake world, so that
 * nobody's clusters are in them. `npm run screenshots -- NAME…` takes only these.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nothingChosen, type Settings } from '../../app/contract/index.ts';
import type { Scenario } from '../../app/fakes/scenarios.ts';
import { root } from './gui-options.ts';
import { openBrowser, type Stage, setStage } from './stage.ts';

const folder = join(root, 'docs/images');

/** So long a connection carries traffic before its picture is taken, in milliseconds: a sparkline of one point shows nothing. */
const settled = 45_000;

interface Picture {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  readonly look: Pick<Settings, 'language' | 'theme'>;
  /** What somebody does to get there, in the words of `look`. */
  readonly go: (stage: Stage) => Promise<void>;
}

const dark = { language: 'en', theme: 'dark' } as const;
const light = { language: 'en', theme: 'light' } as const;

const says = (stage: Stage, words: string | RegExp) => stage.page.getByText(words).first().waitFor();
const press = (stage: Stage, name: string | RegExp) => stage.page.getByRole('button', { name }).first().click();

async function connected(stage: Stage, context: string): Promise<void> {
  await press(stage, new RegExp(`^${context}`));
  await stage.core.call('connect', { context });
  await stage.core.reachesPhase('connected');
}

async function seesNamespaces(stage: Stage, name: string, namespacesInView: readonly string[]): Promise<void> {
  const { contexts } = await stage.core.call('listContexts', {});
  const file = contexts.find((context) => context.name === name)?.file ?? '';
  await stage.change({
    contexts: [{ context: name, file, ...nothingChosen, namespacesInView: [...namespacesInView] }],
  });
}

async function ordersTested(
  stage: Stage,
  words: Readonly<Record<'filter' | 'test' | 'accepted' | 'last', string>>,
): Promise<void> {
  await connected(stage, 'sandbox');
  await stage.page.waitForTimeout(settled);
  await stage.page.getByRole('searchbox', { name: words.filter }).fill('orders');
  await stage.page.getByRole('row', { name: /^orders webshop/ }).click();
  await stage.page.getByRole('button', { name: words.test, exact: true }).click();
  await says(stage, words.accepted);
  await says(stage, words.last);
  await stage.page.mouse.move(1100, 400);
  await stage.page.mouse.wheel(0, 190); // the whole test, and still most forms of the address
  await stage.page.waitForTimeout(500);
}

const pictures: readonly Picture[] = [
  {
    name: 'services',
    scenarios: ['fast'],
    look: dark,
    go: async (stage) => {
      await seesNamespaces(stage, 'test-frankfurt', ['webshop', 'infra']);
      await connected(stage, 'test-frankfurt');
      await stage.page.waitForTimeout(settled);
    },
  },
  {
    name: 'orders',
    scenarios: ['fast'],
    look: dark,
    go: (stage) =>
      ordersTested(stage, {
        filter: 'Filter services',
        test: 'Test',
        accepted: 'Connection is accepted',
        last: 'HTTP answers',
      }),
  },
  {
    name: 'orders.zh-CN',
    scenarios: ['fast'],
    look: { language: 'zh-CN', theme: 'dark' },
    go: (stage) => ordersTested(stage, { filter: '筛选服务', test: '测试', accepted: '连接被接受', last: 'HTTP 响应' }),
  },
  {
    name: 'connecting',
    scenarios: ['agent-pending'],
    look: light,
    go: async (stage) => {
      await press(stage, /^sandbox/);
      void stage.core.call('connect', { context: 'sandbox' }).catch(() => {}); // it ends with the stage
      await stage.core.reaches(({ connections }) =>
        connections.some((connection) => connection.phase === 'preparing' && connection.step === 'agent'),
      );
      await stage.page.waitForTimeout(2500);
    },
  },
  {
    name: 'role',
    scenarios: ['fast'],
    look: light,
    go: async (stage) => {
      await press(stage, /^dev-shared/);
      await stage.page.keyboard.press('Control+Enter');
      await stage.page.getByRole('dialog').waitFor();
      await stage.page.keyboard.press('Enter');
      await says(stage, 'kind: Role');
      await stage.page.waitForTimeout(3000);
    },
  },
  {
    name: 'routes',
    scenarios: ['fast', 'conflict-extra'],
    look: dark,
    go: async (stage) => {
      await connected(stage, 'sandbox');
      await stage.page.waitForTimeout(settled);
      await stage.page.getByRole('tab', { name: /^Routes/ }).click();
    },
  },
  {
    name: 'flows',
    scenarios: ['fast'],
    look: light,
    go: async (stage) => {
      await connected(stage, 'test-frankfurt');
      await stage.page.keyboard.press('Control+Shift+G');
      await says(stage, 'psql');
      await stage.page.getByRole('row', { name: /Refused/ }).click();
      await says(stage, /nothing listens on this port/);
      await stage.page.waitForTimeout(2500); // rates come with the second
    },
  },
  {
    name: 'proof',
    scenarios: ['fast'],
    look: light,
    go: async (stage) => {
      await connected(stage, 'sandbox');
      await stage.page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
      await stage.page.getByRole('switch', { name: 'Connection to sandbox' }).click();
      await says(stage, 'No agent of this computer');
      await says(stage, 'Found in'); // what connecting changes is asked, too
    },
  },
  {
    name: 'welcome',
    scenarios: ['fast', 'first-run'],
    look: light,
    go: (stage) => says(stage, 'Your computer, inside the cluster’s network'),
  },
  {
    name: 'welcome.zh-CN',
    scenarios: ['fast', 'first-run'],
    look: { language: 'zh-CN', theme: 'light' },
    go: (stage) => says(stage, '让你的电脑进入集群网络'),
  },
];

const asked = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
try {
  for (const { name, scenarios, look, go } of pictures) {
    if (asked.length > 0 && !asked.includes(name)) {
      continue;
    }
    const stage = await setStage(browser, scenarios, { settings: look });
    await go(stage);
    await stage.page.mouse.move(2, 2); // no row is under it
    const path = join(folder, `${name}.png`);
    await stage.page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    await stage.close();
    process.stdout.write(`${path}\n`);
  }
} finally {
  await browser.close();
}
