/** Somebody who connects to three clusters a day and never takes the mouse. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Stage, setStage } from './stage.ts';

describe('the whole job by keyboard', () => {
  let browser: Browser;
  let stage: Stage;

  const press = (...keys: readonly string[]) =>
    keys.reduce((before, key) => before.then(() => stage.page.keyboard.press(key)), Promise.resolve());
  const heading = (name: string | RegExp) => stage.page.getByRole('heading', { level: 1, name }).waitFor();
  const focused = () => stage.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120) ?? '');

  beforeAll(async () => {
    browser = await openBrowser();
    stage = await setStage(browser, ['fast']);
  });
  afterAll(async () => {
    await stage?.close();
    await browser?.close();
  });

  it('skips the rail with the first Tab', async () => {
    await press('Tab');
    expect(await focused()).toContain('#content');
    await press('Enter');
    expect(await stage.page.evaluate(() => window.location.hash)).toBe('#content');
  });

  it('chooses a context by its number, and another one by the palette', async () => {
    await press('Control+2');
    await heading('staging-eu');
    await press('Control+k');
    await stage.page.keyboard.type('dev-sh');
    await stage.page.getByRole('option', { name: /dev-shared/ }).waitFor();
    await press('Enter');
    await heading('dev-shared');
  });

  it('sees server, user and a plugin’s command line before the first use, and can say no', async () => {
    await press('Control+k');
    await stage.page.keyboard.type('arn:aws');
    await press('Enter');
    await heading(/arn:aws:eks/);
    await press('Control+Enter');
    const dialog = stage.page.getByRole('dialog');
    await dialog.getByText('/usr/local/bin/aws --region eu-central-1 eks get-token', { exact: false }).waitFor();
    await dialog.getByText('gr7.eu-central-1.eks.amazonaws.com', { exact: false }).first().waitFor();
    await press('Escape');
    await dialog.waitFor({ state: 'detached' });
    const { connections } = await stage.core.call('getSnapshot', {});
    expect(connections.filter(({ phase }) => phase !== 'off')).toEqual([]);
  });

  it('confirms and connects', async () => {
    await press('Control+Enter');
    await stage.page.getByRole('dialog').waitFor();
    await press('Enter'); // the focus is where a confirmation is expected
    await stage.core.reachesPhase('connected');
    await stage.page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
  });

  it('filters the Services as one types, and opens the first', async () => {
    await press('/');
    await stage.page.keyboard.type('orders');
    await expect.poll(() => stage.page.getByRole('row').filter({ hasNotText: 'orders' }).count()).toBe(1); // the head
    const active = () => stage.page.getByRole('grid').getAttribute('aria-activedescendant');
    await press('ArrowDown');
    await expect.poll(active).toMatch(/^service-.*orders/);
    const first = await active();
    await press('ArrowUp');
    expect(await focused()).toContain('Filter services');
    await press('ArrowDown', 'ArrowDown');
    await expect.poll(active).not.toBe(first);
    await press('Enter');
    await stage.page.getByRole('complementary', { name: /Service orders/ }).waitFor();
  });

  it('copies with C, tests with T, pins with P, and Escape closes the panel', async () => {
    await press('c');
    await expect.poll(() => stage.clipboard()).toMatch(/^orders[a-z-]*\.[a-z-]+:\d+$/);
    await press('t');
    await stage.page.getByRole('complementary').getByText('Connection is accepted').waitFor();
    await press('p');
    await expect.poll(async () => (await stage.core.call('getSettings', {})).pinnedServices.length).toBe(1);
    await press('Escape');
    await stage.page.getByRole('complementary').waitFor({ state: 'detached' });
  });

  it('sorts the Services by a column, and the other way round', async () => {
    const column = (name: string) => stage.page.locator('[role=columnheader]', { hasText: new RegExp(`^${name}$`) });
    const sortOf = (name: string) => column(name).getAttribute('aria-sort');
    const first = () => stage.page.locator('[role=row][aria-rowindex="2"] [role=gridcell]').first().innerText();
    expect([await sortOf('Service'), await sortOf('Namespace')]).toEqual(['ascending', 'none']);
    const before = await first();
    await column('Service').getByRole('button').focus();
    await press('Enter');
    await expect.poll(() => sortOf('Service')).toBe('descending');
    await expect.poll(first).not.toBe(before);
    await press('Tab', 'Enter');
    await expect.poll(() => sortOf('Namespace')).toBe('ascending');
    expect(await sortOf('Service')).toBe('none');
    await press('Shift+Tab', 'Enter');
    await expect.poll(() => sortOf('Service')).toBe('ascending');
    await expect.poll(first).toBe(before);
  });

  it('finds a pod from a Service’s endpoint, copies its address, tests it, and goes back to the Service', async () => {
    const { page } = stage;
    await press('/');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('orders.webshop');
    await press('ArrowDown', 'Enter');
    await page.getByRole('complementary', { name: /Service orders in webshop/ }).waitFor();
    await page
      .getByRole('button', { name: /Show the pod orders-/ })
      .first()
      .focus();
    await press('Enter');
    const panel = page.getByRole('complementary', { name: /Pod orders-\S+ in webshop/ });
    await panel.waitFor();
    await page.getByRole('grid', { name: 'Pods' }).focus();
    await press('c');
    await expect.poll(() => stage.clipboard()).toMatch(/^10\.244\.\d+\.\d+$/);
    const address = await stage.clipboard();
    await panel.getByText(`${address.replaceAll('.', '-')}.webshop.pod.cluster.local`).waitFor();
    await press('t');
    await panel.getByText('Connection is accepted').waitFor();
    await panel.getByRole('button', { name: 'orders', exact: true }).focus();
    await press('Enter');
    await page.getByRole('complementary', { name: /Service orders in webshop/ }).waitFor();
    await press('Escape');
  });

  it('goes to the pods by a key, filters them by what is wrong, and finds one in the palette by its address', async () => {
    const { page } = stage;
    await press('Control+Shift+O');
    const grid = page.getByRole('grid', { name: 'Pods' });
    await grid.waitFor();
    const clearing = page.getByRole('searchbox', { name: 'Filter pods' });
    await clearing.fill('OOMKilled');
    await expect.poll(() => page.getByRole('row').count()).toBe(2); // with the head
    await press('ArrowDown', 'Enter');
    const panel = page.getByRole('complementary', { name: /Pod images-resize/ });
    await panel.getByText('exit code 137').waitFor();
    await page.getByRole('grid', { name: 'Pods' }).focus();
    await press('Escape');
    await panel.waitFor({ state: 'detached' });
    await clearing.fill('');
    await press('Control+k');
    await page.keyboard.type('node-agent-x81');
    await page.getByRole('option', { name: /node-agent-x81/ }).waitFor();
    await press('Enter');
    await page
      .getByRole('complementary', { name: /Pod node-agent-x81/ })
      .getByText('the address is the node’s')
      .waitFor();
    await page.getByRole('grid', { name: 'Pods' }).focus();
    await press('Escape');
    await press('Control+Shift+S');
    await page.getByRole('grid', { name: 'Services' }).waitFor();
    await page.getByRole('searchbox', { name: 'Filter services' }).fill('');
  });

  it('goes to every page and back', async () => {
    for (const [keys, name] of [
      ['Control+Shift+L', 'Activity'],
      ['Control+Shift+D', 'Diagnostics'],
      ['Control+,', 'Settings'],
      ['Control+Shift+S', /arn:aws:eks/],
    ] as const) {
      await press(keys);
      await heading(name);
    }
  });

  it('shows every shortcut, and closes the sheet', async () => {
    await press('?');
    const sheet = stage.page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    for (const words of [
      'Connect or disconnect the chosen cluster',
      'Test the way to the service or pod',
      'Find anything',
    ]) {
      await sheet.getByText(words, { exact: true }).waitFor();
    }
    await press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  it('changes the language from the palette, at once and without loading the page again', async () => {
    await stage.page.evaluate(() => Object.assign(window, { sameePage: true }));
    await press('Control+k');
    await stage.page.keyboard.type('中文');
    await press('Enter');
    await stage.page.locator('html[lang="zh-CN"]').waitFor({ state: 'attached' });
    await stage.page.getByRole('status').filter({ hasText: '已连接' }).waitFor();
    await press('Control+k');
    await stage.page.keyboard.type('English');
    await press('Enter');
    await stage.page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    expect(await stage.page.evaluate(() => 'sameePage' in window)).toBe(true);
  });

  it('changes the theme', async () => {
    await stage.page.locator('html[data-theme="dark"]').waitFor({ state: 'attached' });
    await press('Control+Shift+Y');
    await stage.page.locator('html[data-theme="light"]').waitFor({ state: 'attached' });
  });

  it('disconnects', async () => {
    await press('Control+Enter');
    await stage.core.reaches(({ connections }) => connections.every(({ phase }) => phase === 'off'));
    await stage.page.getByRole('status').filter({ hasText: 'Off' }).waitFor();
  });
});
