/** The API server stops and starts while the window looks. Alone, because it is everybody's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, type LaptopWindow, openLaptopWindow } from './laptop-browser.ts';
import { run } from './programs.ts';
import { closeScene, type Scene, setScene, workload } from './scene.ts';

describe.skipIf(!hasBrowser)('the window while the API server is away', () => {
  let scene: Scene;
  let window: LaptopWindow;

  const { http, baseImage } = workload;
  const says = (words: string, deadline = 60_000) =>
    window.page.getByRole('status').filter({ hasText: words }).first().waitFor({ timeout: deadline });

  beforeAll(async () => {
    scene = await setScene('plain', 'window-alone', { SLIPWAY_AGENT_IDLE_SECONDS: '20' });
    await scene.product.connect('sandbox', '--namespace', http.namespace, '--base-image', baseImage);
    window = await openLaptopWindow(scene, ['sandbox']);
    const later = window.page.getByRole('button', { name: 'Open Slipway' });
    await later.or(window.page.getByRole('switch')).first().waitFor();
    if (await later.isVisible()) {
      await later.click();
    }
    await says('Connected');
  });
  afterAll(async () => {
    await window?.close();
    await closeScene(scene);
    await scene.cluster.settles(scene.sandbox.space('control-plane'), http.namespace, baseImage);
  });

  it('says that it reconnects and why, keeps the Services, and says when it is back', async () => {
    await window.page.getByRole('row', { name: /^orders webshop/ }).waitFor();
    const controlPlane = scene.sandbox.space('control-plane');
    await controlPlane.stopProgram('kube-apiserver', true);
    try {
      await says('Reconnecting');
      await window.page.getByText('The API server does not answer').first().waitFor();
      await window.page.getByText('routes and names are kept', { exact: false }).waitFor();
      expect(await window.page.getByRole('row').count()).toBeGreaterThan(3);
    } finally {
      await controlPlane.startProgram('kube-apiserver');
    }
    await says('Connected');
    await window.page.getByText('The API server does not answer').first().waitFor({ state: 'detached' });
    const answer = await run(scene.laptop, ['curl', '-sS', '-m', '5', `http://${http.fullName}/`], {
      deadline: 10_000,
    });
    expect(answer.stdout).toContain('"pod"');
  });

  it('tells it in the activity', async () => {
    await window.page.keyboard.press('Control+Shift+L');
    await window.page.getByText('Tunnel lost').first().waitFor();
    await window.page.getByText('Tunnel is back').first().waitFor();
    expect(window.complaints).toEqual([]);
  });
});
