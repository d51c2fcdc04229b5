/** What keys do is about the row that can be seen when they are pressed, however fast they follow what is typed. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser, type Stage, setStage } from './stage.ts';

describe('keys that follow what is typed', () => {
  let browser: Browser;
  let stage: Stage;
  const press = (keys: string) => stage.page.keyboard.press(keys);

  beforeAll(async () => {
    browser = await openBrowser();
    stage = await setStage(browser, ['fast', 'many-services', 'connected']);
    await stage.page
      .getByText(/10,000 services/)
      .first()
      .waitFor();
  });
  afterAll(async () => {
    await stage?.close();
    await browser?.close();
  });
  beforeEach(async () => {
    await press('Escape');
    await press('Control+Shift+S');
    await stage.page.getByRole('searchbox', { name: 'Filter services' }).fill('');
    await stage.page
      .getByText(/^10,000 services/)
      .first()
      .waitFor();
  });

  const first = async () => {
    const active = await stage.page.getByRole('grid').getAttribute('aria-activedescendant');
    return stage.page.locator(`[id="${active}"]`).getByRole('gridcell').first().innerText();
  };

  // In milliseconds between two keys.
  it.each([0, 5, 40])('copy the first that fits, %i ms apart', async (delay) => {
    for (const text of ['kafka', 'orders', 'redis', 'metrics']) {
      await press('/');
      await stage.page.keyboard.type(text, { delay });
      await press('ArrowDown');
      await press('c');
      await expect.poll(() => stage.clipboard()).toContain(text);
      expect(await stage.clipboard()).toContain(await first());
    }
  });

  it('test and open the first that fits', async () => {
    await press('/');
    await stage.page.keyboard.type('kafka');
    await press('ArrowDown');
    await press('t');
    await stage.page.getByRole('complementary', { name: /^Service [a-z-]*kafka/ }).waitFor();
    await press('/');
    await stage.page.keyboard.type('redis');
    await press('ArrowDown');
    await press('Enter');
    await stage.page.getByRole('complementary', { name: /^Service [a-z-]*redis/ }).waitFor();
  });

  it('are about no row where none fits', async () => {
    await stage.page.evaluate('navigator.clipboard.writeText("as it was")');
    await press('/');
    await stage.page.keyboard.type('nothing like it');
    await press('ArrowDown');
    await stage.page.getByRole('main').focus();
    await press('c');
    await press('t');
    await stage.page.getByText(/No service matches/).waitFor();
    expect(await stage.clipboard()).toBe('as it was');
    expect(await stage.page.getByRole('complementary').count()).toBe(0);
  });

  it('open what the palette shows first, and the chip of a filter counts at once', async () => {
    await press('Control+k');
    await stage.page.keyboard.type('kafka');
    await press('Enter');
    await stage.page.getByRole('complementary', { name: /^Service kafka/ }).waitFor();
    await stage.page.getByRole('grid').focus();
    await press('Shift+P'); // nothing is pinned
    await press('c');
    await stage.page.getByText(/No service matches the filters/).waitFor();
    await press('Shift+P');
  });
});
