/** A credential plugin that waits for a login, wherever one looks: its words, what to copy, and the page only by a click. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contrastLooks, lookAtAll, looks } from './looks.ts';
import { openBrowser, type Stage, setStage } from './stage.ts';
import { click } from './states.ts';

const page = 'https://login.example.test/device';

describe('a login that waits', () => {
  let browser: Browser;
  let stage: Stage;
  const asked: string[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
    stage = await setStage(browser, ['fast', 'login-waits'], {
      expected: /login\.example\.test/,
      beforePage: async (context) => {
        await context.route(`${page}**`, (route) => {
          asked.push(route.request().url());
          return route.fulfill({ body: 'log in here' });
        });
      },
    });
  });
  afterAll(async () => {
    await stage?.close();
    await browser?.close();
  });
  const logins = () => stage.page.getByRole('region', { name: 'Logins' });

  it('shows the words of a cluster that is off and is only asked for its lists', async () => {
    await click(stage, 'button', /test-frankfurt/);
    await click(stage, 'tab', /^Services/);
    await click(stage, 'button', 'List services');
    await logins()
      .getByText(/enter the code ABCD-1234/)
      .waitFor();
    expect(await logins().getByRole('listitem').count()).toBe(1);
    expect(await lookAtAll(stage, 'shell.login-waits', [...looks, ...contrastLooks])).toEqual([]);
  });

  it('gives code and address to copy', async () => {
    await logins().getByRole('button', { name: 'Copy code' }).click();
    expect(await stage.clipboard()).toBe('ABCD-1234');
    await logins().getByRole('button', { name: 'Copy address' }).click();
    expect(await stage.clipboard()).toBe(page);
  });

  it('opens the page when the user says so, and not before', async () => {
    expect(asked).toEqual([]);
    const [opened] = await Promise.all([
      stage.context.waitForEvent('page'),
      logins().getByRole('button', { name: 'Open in the browser' }).click(),
    ]);
    await opened.waitForURL(page);
    await opened.close();
    expect(asked).toEqual([page]);
  });

  it('ends when it is cancelled', async () => {
    await logins().getByRole('button', { name: 'Cancel' }).click();
    await logins().waitFor({ state: 'detached' });
    await stage.page
      .getByText(/no longer needed/)
      .first()
      .waitFor();
  });

  it('shows the words of a connection, which is cancelled as such', async () => {
    await stage.core.call('connect', { context: 'test-frankfurt' });
    await logins()
      .getByText(/enter the code ABCD-1234/)
      .waitFor();
    expect(await logins().getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    await stage.core.call('disconnect', {});
    await logins().waitFor({ state: 'detached' });
  });
});
