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
