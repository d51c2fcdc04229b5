/** A core that goes away, comes back, is of another version, or forgot nothing: shown as it is, and recovered from. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Scenario } from '../../app/fakes/scenarios.ts';
import { serveOtherProtocol } from './fake-core.ts';
import { axeFindings, picture } from './looks.ts';
import { openBrowser, type Stage, type StageOptions, setStage } from './stage.ts';

describe('a core', () => {
  let browser: Browser;
  let stage: Stage | undefined;

  const open = async (scenarios: readonly Scenario[], options: StageOptions = {}) => {
    stage = await setStage(browser, scenarios, { expected: /WebSocket connection/, ...options });
    return stage;
  };
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(async () => {
    await stage?.close();
    stage = undefined;
  });
  afterAll(() => browser?.close());

  it('killed while connected is told as lost, with the time of what is shown, and found again', async () => {
    const { page, core } = await open(['fast', 'connected']);
    await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    await core.kill();
    const banner = page.getByRole('alert').filter({ hasText: 'core does not answer' });
    await banner.getByText(/What you see was true at \d/).waitFor();
    // Nothing is made up: what was known stays, and cannot be acted on.
    expect(await page.getByRole('switch', { name: 'Connection to test-frankfurt' }).isDisabled()).toBe(true);
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, 'core-lost');
    await core.start();
    await banner
      .getByRole('button', { name: 'Try now' })
      .click({ timeout: 2000 })
      .catch(() => {}); // it may have tried itself
    await banner.waitFor({ state: 'detached' });
    await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    await page.getByRole('row').nth(3).waitFor();
    expect(await page.getByRole('switch', { name: 'Connection to test-frankfurt' }).isEnabled()).toBe(true);
  });

  it.each([
    ['connected', ['fast', 'connected'] as const],
    ['preparing', ['slow'] as const],
    ['reconnecting', ['fast', 'gone', 'connected'] as const],
  ])(
    'that is gone for good while %s is told as ended, with how to start it, and nothing is shown as live',
    async (phase, scenarios) => {
      const { page, core } = await open(scenarios);
      if (phase === 'preparing') {
        await core.call('connect', { context: 'test-frankfurt' });
      }
      await core.reachesPhase(phase);
      await core.kill();
      const banner = page.getByRole('alert').filter({ hasText: 'Slipway has ended' });
      await banner.getByText(/slipway start$/).waitFor();
      await page.getByRole('status').filter({ hasText: 'Not known' }).waitFor();
      const words = await page.locator('#content').innerText();
      expect(words).not.toMatch(/Connected|Connecting|Reconnecting|Round trip|Traffic|Next try/);
      expect(await page.getByRole('navigation').innerText()).not.toMatch(/Connecting|Reconnecting/i);
      expect(await page.getByRole('switch').getAttribute('aria-checked')).toBe('false');
      expect(await page.getByRole('switch').isDisabled()).toBe(true);
      expect(await axeFindings(page)).toEqual([]);
      await picture(page, `core-ended.${phase}`);
      await core.start();
      await banner.waitFor({ state: 'detached' });
    },
  );

  it('that comes back without the connection shows it as off', async () => {
    const { page, core } = await open(['fast']);
    await core.call('connect', { context: 'test-frankfurt' });
    await page.getByRole('status').filter({ hasText: 'Connected' }).waitFor();
    await core.kill();
    await page.getByRole('alert').waitFor();
    await core.start();
    await page.getByRole('status').filter({ hasText: 'Off' }).waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('of another protocol is said to be one, and left alone', async () => {
    const present = await open(['fast']);
    await present.core.kill();
    await present.page.getByRole('alert').waitFor();
    const end = await serveOtherProtocol(present.core.socket, '9.9.9+other');
    await present.page.getByText('The running core is a different version (9.9.9+other)').waitFor();
    expect(await axeFindings(present.page)).toEqual([]);
    await picture(present.page, 'core-other-version');
    await end();
  });

  it('that keeps its settings finds them again after a restart', async () => {
    const { page, core, change } = await open(['fast', 'kept'], { settings: { welcomed: true } });
    await page.keyboard.press('Control+Shift+Y');
    await page.locator('html[data-theme="light"]').waitFor({ state: 'attached' });
    await change({ language: 'zh-CN' });
    await page.locator('html[lang="zh-CN"]').waitFor({ state: 'attached' });
    await core.stop();
    await core.start();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    expect(await core.call('getSettings', {})).toMatchObject({ theme: 'light', language: 'zh-CN' });
    await page.reload();
    await page.locator('html[lang="zh-CN"][data-theme="light"]').waitFor({ state: 'attached' });
    await page.getByRole('button', { name: '设置' }).waitFor();
  });
});
