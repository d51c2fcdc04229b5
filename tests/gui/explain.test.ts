/** Diagnostics' field that says what happens to a packet. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { axeFindings, picture } from './looks.ts';
import { openBrowser, type Stage, setStage } from './stage.ts';

let browser: Browser;
let stage: Stage;
beforeAll(async () => {
  browser = await openBrowser();
  stage = await setStage(browser, ['fast', 'connected']);
});
afterAll(async () => {
  await stage?.close();
  await browser?.close();
});

it('goes the way to a name, and asks whether another was meant', async () => {
  const { page } = stage;
  await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('Diagnostics');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Diagnostics' }).waitFor();
  const field = page.getByRole('textbox', { name: 'orders.webshop:80' });
  await field.fill('orders.webshop:80');
  await field.press('Enter');
  await page.getByText('It gets there.').waitFor();
  const steps = page.getByRole('list', { name: 'What happens to a packet' }).getByRole('listitem');
  expect(await steps.allTextContents()).toEqual(expect.arrayContaining([expect.stringContaining('webshop/orders')]));
  await field.fill('oders.webshop');
  await field.press('Enter');
  await page.getByText('perhaps you mean orders.webshop').first().waitFor();
  await page.getByText('It does not get there.').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await picture(page, 'explained');
});

it('is found in the palette, from anywhere, and its field has the keys', async () => {
  const { page } = stage;
  const field = page.getByRole('textbox', { name: 'orders.webshop:80' });
  const isFocused = () => field.evaluate((element) => element === document.activeElement);
  const choose = async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('packet');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(isFocused).toBe(true);
  };
  for (const keys of ['Control+Shift+S', 'Control+Shift+D']) {
    await page.keyboard.press(keys);
    await choose();
    await page.keyboard.type('payments.webshop');
    expect(await field.inputValue()).toContain('payments.webshop');
  }
  await page.keyboard.press('Enter');
  await page
    .getByText(/payments\.webshop/)
    .first()
    .waitFor();
  // It is no trap: whoever comes back by another way has the keys of the page.
  await page.keyboard.press('Control+Shift+S');
  await page.keyboard.press('Control+Shift+D');
  await field.waitFor();
  expect(await isFocused()).toBe(false);
});
