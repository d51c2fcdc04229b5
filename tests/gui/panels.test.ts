/** The panel of a row, of every list and at every width: what one presses stands first and can be seen, and nothing else moves. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Stage, setStage } from './stage.ts';

/** What each panel begins with; a list of labels or containers may follow. */
const panels = [
  ['services', 'orders', ['Port', 'Test', 'Copy', 'Endpoints']],
  ['services', 'kafka', ['Port', 'Test', 'Copy', 'Endpoints']],
  ['services', 'invoices', ['Test', 'Copy', 'Endpoints']],
  ['services', 'legacy-soap', ['Test', 'Copy', 'Leads to']],
  ['pods', 'orders-', ['Test', 'Copy', 'Services', 'Containers']],
  ['pods', 'CrashLoopBackOff', ['Why', 'Test', 'Copy', 'Services', 'Containers']],
  ['pods', 'payment-reconciliation', ['Why', 'Port', 'Test', 'Copy', 'Services', 'Containers']],
  ['pods', 'search-reindex', ['Why', 'Copy', 'Services', 'Containers']],
  ['pods', 'node-agent', ['Test', 'Copy', 'Services', 'Containers']],
] as const;

describe.each([
  ['beside the list', { width: 1280, height: 800 }],
  ['wide', { width: 1920, height: 1080 }],
  ['over the list', { width: 1000, height: 700 }],
  ['in the smallest window', { width: 720, height: 520 }],
])('the panel %s', (_where, viewport) => {
  let browser: Browser;
  let stage: Stage;
  beforeAll(async () => {
    browser = await openBrowser();
    stage = await setStage(browser, ['fast', 'connected', 'long-names'], { context: { viewport } });
    await stage.page.getByRole('row').nth(1).waitFor();
  });
  afterAll(async () => {
    await stage?.close();
    await browser?.close();
  });

  afterEach(() => stage.page.keyboard.press('Escape'));

  it.each(panels)('of %s like %s', async (list, filter, sections) => {
    const { page } = stage;
    await page.keyboard.press(list === 'services' ? 'Control+Shift+S' : 'Control+Shift+O');
    await page.getByRole('searchbox', { name: `Filter ${list}` }).fill(filter);
    const row = page.getByRole('row').nth(1);
    await row.getByText(filter).first().waitFor();
    const power = page.locator('[role="switch"]').first();
    const before = await power.boundingBox();
    await row.click();
    const panel = page
      .getByRole('complementary', { name: /^(Service|Pod) / })
      .or(page.getByRole('dialog', { name: /^(Service|Pod) / }));
    await panel.waitFor();
    expect(await power.boundingBox()).toEqual(before);

    const headings = await panel.getByRole('heading', { level: 3 }).allInnerTexts();
    const named = headings.map((heading) => heading.split('\n')[0]?.toLowerCase());
    expect(named.slice(0, sections.length)).toEqual(sections.map((section) => section.toLowerCase()));
    if ((sections as readonly string[]).includes('Test')) {
      const test = panel.getByRole('button', { name: /^Test/ });
      const box = await test.boundingBox();
      expect((box?.y ?? viewport.height) + (box?.height ?? 0), 'Test can be seen').toBeLessThan(viewport.height);
      await test.click();
      await panel
        .getByText(/HTTP answers|Connection is accepted/)
        .first()
        .waitFor();
      const steps = panel.getByRole('listitem');
      const end = await steps
        .filter({ hasText: 'failed' })
        .or(steps.filter({ hasText: 'HTTP answers' }))
        .first()
        .boundingBox();
      expect((end?.y ?? viewport.height) + 8, 'how it ended can be seen').toBeLessThan(viewport.height);
    }
    // The end of an address is what tells its port: it is broken into lines, not cut.
    const cut = await panel
      .getByRole('region', { name: 'Copy' })
      .locator('bdi')
      .evaluateAll((texts) =>
        texts.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent),
      );
    expect(cut).toEqual([]);
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    expect(await power.boundingBox()).toEqual(before);
  });
});
