/** The main job by clicks in the window, on a real cluster; and the command line and the window on the same core. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, type LaptopWindow, openLaptopWindow } from './laptop-browser.ts';
import { run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe.skipIf(!hasBrowser)('the window on the sandbox', () => {
  let scene: Scene;
  let window: LaptopWindow;

  const { http, baseImage } = workload;
  const toggle = () => window.page.getByRole('switch', { name: 'Connection to sandbox' });
  const says = (words: string) => window.page.getByRole('status').filter({ hasText: words }).first().waitFor();
  const panel = () => window.page.getByRole('complementary', { name: /Service orders/ });

  beforeAll(async () => {
    scene = await setScene('plain', 'window');
    window = await openLaptopWindow(scene, ['sandbox', '--namespace', http.namespace, '--base-image', baseImage]);
    const later = window.page.getByRole('button', { name: 'Open Slipway' });
    await later.or(toggle()).first().waitFor();
    if (await later.isVisible()) {
      await later.click();
    }
  });
  afterAll(async () => {
    await window?.close();
    await closeScene(scene);
  });

  it('confirms the context and connects', async () => {
    await toggle().click();
    const dialog = window.page.getByRole('dialog');
    await dialog.getByText(scene.sandbox.addresses.apiServer, { exact: false }).first().waitFor();
    await dialog.getByRole('button', { name: 'Confirm and connect' }).click();
    await says('Connected');
    expect(await scene.product.phase()).toBe('connected');
  });

  it('finds orders, and curl of what it copies answers', async () => {
    await window.page.getByRole('searchbox', { name: 'Filter services' }).fill('orders');
    await window.page.getByRole('row', { name: /^orders webshop/ }).click();
    await panel().getByRole('button', { name: 'Copy curl' }).click();
    await expect.poll(() => window.clipboard()).toMatch(/^curl /);
    const answer = await run(scene.laptop, ['sh', '-c', `${await window.clipboard()} --silent --max-time 5`]);
    expect(answer.stdout).toContain('"pod"');
  });

  it('copies a short name that resolves', async () => {
    await panel().getByRole('button', { name: 'Copy Short name' }).click();
    await expect.poll(() => window.clipboard()).toBe('orders');
    expect((await run(scene.laptop, ['getent', 'hosts', 'orders'])).code).toBe(0);
  });

  it('tests the way to it, and tells why there is none to a Service without endpoints', async () => {
    await panel().getByRole('button', { name: 'Test', exact: true }).click();
    await panel().getByText('HTTP answers').waitFor();
    expect(await panel().getByText('failed', { exact: true }).count()).toBe(0);
    await window.page.getByRole('searchbox', { name: 'Filter services' }).fill(workload.noEndpoint.service);
    await window.page.getByRole('row', { name: new RegExp(`^${workload.noEndpoint.service} `) }).click();
    const other = window.page.getByRole('complementary', {
      name: new RegExp(`Service ${workload.noEndpoint.service}`),
    });
    await other.getByRole('button', { name: 'Test', exact: true }).click();
    await other.getByText('The Service has no ready endpoint').first().waitFor();
  });

  it('opens a page of the cluster in this very browser', async () => {
    await window.page.getByRole('searchbox', { name: 'Filter services' }).fill('orders');
    await window.page.getByRole('row', { name: /^orders webshop/ }).click();
    await panel().getByRole('button', { name: 'Open in browser' }).click();
    const opened = window.page.context().waitForEvent('page');
    await window.page.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).click();
    const page = await opened;
    await page.getByText('"pod"', { exact: false }).first().waitFor();
    await page.close();
  });

  it('shows the ranges that the laptop has, with what went through them', async () => {
    await window.page.getByRole('tab', { name: /^Routes/ }).click();
    const routes = await run(scene.laptop, ['ip', '-4', 'route']);
    const cell = window.page.getByRole('gridcell', { name: /^\d+\.\d+\.\d+\.\d+\/\d+$/ });
    await cell.first().waitFor();
    for (const prefix of await cell.allInnerTexts()) {
      expect(routes.stdout).toContain(prefix.trim());
    }
  });

  it('disconnects, and proves that nothing is left', async () => {
    await toggle().click();
    await window.page.getByText('No route into a tunnel').waitFor();
    await window.page.getByText('No agent of this computer').waitFor();
    expect(await scene.product.phase()).toBe('off');
    const dead = await run(scene.laptop, ['curl', '-sS', '-m', '2', `http://${http.fullName}/`]);
    expect(dead.code).not.toBe(0);
  });

  it('shows what the command line connects, and disconnects it', async () => {
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', baseImage);
    await says('Connected');
    await toggle().click();
    await says('Off');
    const status = await scene.product.slipway(['status']);
    expect(status.stdout).toMatch(/off/i);
  });

  it('shows what the command line disconnects', async () => {
    await toggle().click();
    await says('Connected');
    expect((await scene.product.slipway(['disconnect'])).code).toBe(0);
    await says('Off');
  });

  it('ends with Ctrl-C where it was started, and leaves the laptop as it was', async () => {
    await toggle().click();
    await says('Connected');
    expect(window.complaints).toEqual([]);
    await window.interrupt();
    expect(await scene.unchanged()).toEqual([]);
    expect(await scene.left()).toEqual([]);
    await window.page.getByRole('alert').filter({ hasText: 'Slipway has ended' }).waitFor();
  });
});
