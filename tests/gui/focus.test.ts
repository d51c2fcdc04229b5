/** Tab never begins anew: over every overlay, every page and every control that its own press takes away. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser, type Stage, setStage } from './stage.ts';

const widths = [1280, 900, 720] as const;

/** Where the focus is, by what a screen reader would call it. */
const focused = (stage: Stage): Promise<string> =>
  stage.page.evaluate(() => {
    const element = document.activeElement;
    const name = element?.getAttribute('aria-label') ?? element?.textContent?.trim().slice(0, 40) ?? '';
    return element === null || element === document.body
      ? 'the page itself'
      : `${element.tagName.toLowerCase()} ${element.id} ${name}`;
  });

describe.each(widths)('the focus at %i px', (width) => {
  let browser: Browser;
  let stage: Stage;
  const press = (keys: string) => stage.page.keyboard.press(keys);

  beforeAll(async () => {
    browser = await openBrowser();
    stage = await setStage(browser, ['fast', 'connected'], { context: { viewport: { width, height: 800 } } });
    await stage.page.getByRole('row').nth(3).waitFor();
  });
  afterAll(async () => {
    await stage?.close();
    await browser?.close();
  });
  beforeEach(async () => {
    await press('Escape');
    await press('Control+Shift+S');
    await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill('');
    await stage.page.getByRole('row').nth(3).waitFor();
  });

  const origins = [
    ['the list', async () => stage.page.getByRole('grid').focus()],
    [
      'the rail',
      async () =>
        stage.page
          .getByRole('navigation')
          .getByRole('button', { name: /staging-eu/ })
          .focus(),
    ],
    ['the switch', async () => stage.page.getByRole('switch').focus()],
    ['the search', async () => stage.page.getByRole('searchbox', { name: 'Filter services' }).focus()],
  ] as const;
  const overlays = [
    ['the palette', 'Control+k', 'dialog'],
    ['the sheet of keys', '?', 'dialog'],
  ] as const;

  for (const [origin, go] of origins) {
    for (const [overlay, keys, role] of overlays) {
      if (origin === 'the search' && keys === '?') {
        continue; // what is typed into a search is text
      }
      it(`goes back to ${origin} from ${overlay}`, async () => {
        await go();
        const before = await focused(stage);
        await press(keys);
        await stage.page.getByRole(role).waitFor();
        await press('Escape');
        await stage.page.getByRole(role).waitFor({ state: 'detached' });
        await expect.poll(() => focused(stage)).toBe(before);
      });
    }
  }

  it('goes back to the list from the panel, from the question before a page is opened, and from both', async () => {
    const panel = stage.page.getByRole(width < 1100 ? 'dialog' : 'complementary', { name: /^Service orders in/ });
    const question = stage.page.getByRole('dialog', { name: 'Open this page' });
    await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill('orders');
    await press('ArrowDown');
    const before = await focused(stage);
    expect(before).toContain('Services');
    await press('o');
    await question.getByRole('button', { name: 'Open', exact: true, disabled: false }).waitFor();
    await expect.poll(() => focused(stage)).toMatch(/ Open$/); // it has the keys
    await press('Escape');
    await question.waitFor({ state: 'detached' });
    await expect.poll(() => focused(stage)).toBe(before);
    await press('Enter');
    await panel.waitFor();
    if (width >= 1100) {
      expect(await focused(stage)).toBe(before); // beside the list it leaves the keys where they are
    }
    await press('Escape');
    await panel.waitFor({ state: 'detached' });
    await expect.poll(() => focused(stage)).toBe(before);
    // From inside of the panel, too: its button opens the question, and the panel is closed after it.
    await press('Enter');
    await panel.getByRole('button', { name: 'Open in browser' }).focus();
    await press('Enter');
    await question.getByRole('button', { name: 'Open', exact: true, disabled: false }).waitFor();
    await expect.poll(() => focused(stage)).toMatch(/ Open$/); // it has the keys
    await press('Escape');
    await question.waitFor({ state: 'detached' });
    await expect.poll(() => focused(stage)).toContain('Open in browser');
    await press('Escape');
    await panel.waitFor({ state: 'detached' });
    await expect.poll(() => focused(stage)).toBe(before);
  });

  it('closes the question alone by an Escape that comes as soon as it has the focus', async () => {
    const panel = stage.page.getByRole(width < 1100 ? 'dialog' : 'complementary', { name: /^Service orders in/ });
    const question = stage.page.getByRole('dialog', { name: 'Open this page' });
    await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill('orders');
    await press('ArrowDown');
    await press('Enter');
    await panel.getByRole('button', { name: 'Open in browser' }).focus();
    await stage.page.evaluate(() => {
      const pressAtOnce = ({ target }: Event) => {
        if (target instanceof HTMLElement && target.dataset.autofocus !== undefined) {
          document.removeEventListener('focusin', pressAtOnce);
          target.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }));
        }
      };
      document.addEventListener('focusin', pressAtOnce);
    });
    await press('Enter');
    await question.waitFor({ state: 'detached' });
    expect(await panel.count()).toBe(1);
    await press('Escape');
    await panel.waitFor({ state: 'detached' });
  });

  it.each([
    ['button', 'Namespace'],
    ['button', 'Home namespace'],
  ] as const)('goes back to the %s that opened a list (%s)', async (role, name) => {
    const trigger = stage.page.getByRole(role, { name: new RegExp(`^${name}`) }).first();
    await trigger.focus();
    const before = await focused(stage);
    await press('Enter');
    await stage.page.locator('[data-radix-popper-content-wrapper]').waitFor();
    await press('Escape');
    await stage.page.locator('[data-radix-popper-content-wrapper]').waitFor({ state: 'detached' });
    await expect.poll(() => focused(stage)).toBe(before);
  });

  it('goes with every page, and is never the page itself', async () => {
    for (const keys of ['Control+Shift+L', 'Control+Shift+D', 'Control+,', 'Control+Shift+R', 'Control+Shift+A']) {
      await stage.page.getByRole('grid').or(stage.page.getByRole('main')).first().focus();
      await press(keys);
      await expect.poll(() => focused(stage), { message: keys }).not.toBe('the page itself');
      await press('?');
      await stage.page.getByRole('dialog').waitFor();
      await press('Escape');
      await stage.page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(() => focused(stage), { message: keys }).not.toBe('the page itself');
    }
  });

  it('stays with what is asked for, while it cannot be pressed', async () => {
    await press('Control+Shift+D');
    const again = stage.page.getByRole('button', { name: /Run again|Run the checks|Checking/ }).first();
    await again.focus();
    await press('Enter');
    await expect.poll(() => focused(stage)).toContain('button');
    await press('Control+Shift+R');
    await stage.page.getByRole('button', { name: 'Test resolvers' }).focus();
    await press('Enter');
    await stage.page.getByText('answers', { exact: true }).first().waitFor();
    expect(await focused(stage)).toContain('Test resolvers');
  });

  it('has one stop for all clusters, and arrows in it', async () => {
    const rail = stage.page.getByRole('navigation');
    const rows = rail.getByRole('button', {
      name: /test-frankfurt|staging-eu|dev-shared|sandbox|production-payments|old-cluster/,
    });
    await rows.first().focus();
    const first = await focused(stage);
    await press('ArrowDown');
    const second = await focused(stage);
    expect(second).not.toBe(first);
    await press('End');
    expect(await focused(stage)).toContain('old-cluster');
    await press('Home');
    expect(await focused(stage)).toBe(first);
    await press('Tab');
    expect(await focused(stage)).toContain('Flows');
    await press('Shift+Tab');
    expect(await focused(stage)).toBe(first);
  });

  it('stays on a cluster that moves to another group, and on the switch of one that is switched off and on', async () => {
    await stage.page.getByRole('switch').focus();
    await press('Space');
    await stage.core.reaches(({ connections }) => connections.every(({ phase }) => phase === 'off'));
    await stage.page.getByRole('status').filter({ hasText: 'Off' }).waitFor();
    expect(await focused(stage)).toContain('Connection to test-frankfurt');
    await stage.page
      .getByRole('navigation')
      .getByRole('button', { name: /test-frankfurt/ })
      .focus();
    const before = await focused(stage);
    await press('Control+Enter');
    await stage.core.reachesPhase('connected');
    await stage.page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    expect((await focused(stage)).slice(0, 22)).toBe(before.slice(0, 22));
  });

  it('is not lost with a panel whose connection ends', async () => {
    await stage.page.getByRole('row').nth(2).click();
    const panel = stage.page.getByRole(width < 1100 ? 'dialog' : 'complementary');
    await panel.getByRole('button', { name: /^Copy/ }).first().focus();
    await stage.core.call('disconnect', {});
    await panel.waitFor({ state: 'detached' });
    await expect.poll(() => focused(stage)).not.toBe('the page itself');
    await stage.core.call('connect', { context: 'test-frankfurt' });
    await stage.page.getByRole('row').nth(3).waitFor();
  });
});
