/** The window in Electron: what it shows, what it may not do, and how it comes back. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Desktop, openDesktop } from './desktop.ts';
import { appFolder, type Product, startProduct, until } from './product.ts';

describe('the window in Electron', () => {
  let desktop: Desktop;
  let product: Product;
  let page: Page;
  const foreign = { asked: 0, address: '' };
  const server = createServer((_, response) => {
    foreign.asked += 1;
    response.end('<script>window.came = true</script>');
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    foreign.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    desktop = await openDesktop();
    product = await startProduct(desktop);
    page = await product.window();
  });
  afterAll(async () => {
    await product?.close();
    await desktop?.close();
    server.close();
  });

  it('shows what the core says', async () => {
    await page.getByRole('button', { name: /test-frankfurt/ }).waitFor();
    expect(page.url()).toBe('slipway://window/');
  });

  it('gives the page the bridge and nothing of Node or Electron', async () => {
    const seen = await page.evaluate(() => ({
      bridge: Object.keys((window as unknown as { slipway: object }).slipway).sort(),
      others: ['require', 'process', 'module', 'Buffer', 'global', 'ipcRenderer', 'electron'].filter(
        (name) => name in window,
      ),
    }));
    expect(seen.bridge).toEqual(
      [
        'copyText',
        'onAction',
        'openExternal',
        'openLink',
        'pathOfFile',
        'pickKubeconfigs',
        'pickReportPath',
        'platform',
        'setTheme',
      ].sort(),
    );
    expect(seen.others).toEqual([]);
  });

  it('is sandboxed, isolated and without developer tools', async () => {
    const preferences = await product.app.evaluate(({ webContents }) => {
      const [contents] = webContents.getAllWebContents();
      return (contents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences();
    });
    expect(preferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      devTools: false,
    });
  });

  it('runs under a policy that lets no other script and no request out', async () => {
    const refused = await page.evaluate(async (address) => {
      const broken: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => broken.push(event.violatedDirective));
      const script = document.createElement('script');
      script.textContent = 'window.inlineRan = true';
      document.body.append(script);
      const image = new Image();
      image.src = `${address}image.png`;
      const fetched = await fetch(address).then(
        () => true,
        () => false,
      );
      const frame = document.createElement('iframe');
      frame.src = address;
      document.body.append(frame);
      await new Promise((resolve) => setTimeout(resolve, 500));
      frame.remove();
      script.remove();
      return { broken, fetched, inlineRan: 'inlineRan' in window };
    }, foreign.address);
    expect(refused).toMatchObject({ fetched: false, inlineRan: false });
    expect(refused.broken.join(' ')).toMatch(/script-src/);
    expect(refused.broken.join(' ')).toMatch(/img-src/);
    expect(refused.broken.join(' ')).toMatch(/connect-src/);
    expect(refused.broken.join(' ')).toMatch(/frame-src|default-src|child-src/);
    expect(foreign.asked).toBe(0);
  });

  it('cancels what the session is asked to fetch from elsewhere, also without a policy', async () => {
    const outcome = await product.app.evaluate(
      ({ net }, address) =>
        new Promise<string>((resolve) => {
          const request = net.request(address);
          request.on('response', () => resolve('answered'));
          request.on('error', (error) => resolve(error.message));
          request.end();
        }),
      foreign.address,
    );
    expect(outcome).toContain('ERR_BLOCKED_BY_CLIENT');
    expect(foreign.asked).toBe(0);
  });

  it('is refused every permission', async () => {
    const answers = await page.evaluate(async () => {
      const settled = (promise: Promise<unknown>) => promise.then(() => 'granted').catch((error: Error) => error.name);
      const located = new Promise<string>((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve('granted'),
          ({ code }) => resolve(`refused ${code}`),
        ),
      );
      return {
        notifications: await Notification.requestPermission(),
        microphone: await settled(navigator.mediaDevices.getUserMedia({ audio: true })),
        position: await located,
      };
    });
    expect(answers.notifications).toBe('denied');
    expect(answers.microphone).not.toBe('granted');
    expect(answers.position).toBe('refused 1');
  });

  it('serves the list of its files by its scheme, and nothing else', async () => {
    // The policy lets the page fetch nothing: asked from a page without one, in a window of the test's own.
    const answers = await product.app.evaluate(
      async ({ BrowserWindow }, addresses) => {
        const asking = new BrowserWindow({ show: false, webPreferences: { sandbox: true } });
        const seen: string[] = [];
        for (const address of addresses) {
          const page = await asking.loadURL(address).then(
            () => asking.webContents.executeJavaScript('document.documentElement.outerHTML'),
            () => '',
          );
          seen.push(String(page).length < 100 ? 'nothing' : 'something');
        }
        asking.destroy();
        return seen;
      },
      [
        'slipway://window/',
        'slipway://window/../main/entry.cjs',
        'slipway://window/%2e%2e/package.json',
        'slipway://window/%2fetc/passwd',
        'slipway://other/',
        'slipway://window/main/entry.cjs',
      ],
    );
    expect(answers).toEqual(['something', 'nothing', 'nothing', 'nothing', 'nothing', 'nothing']);
  });

  it('answers no page of another address', async () => {
    // A window that somebody made by mistake: our preload, but not our page.
    const answers = await product.app.evaluate(
      async ({ BrowserWindow }, preload) => {
        const stranger = new BrowserWindow({
          show: false,
          webPreferences: { preload, contextIsolation: true, sandbox: true },
        });
        await stranger.loadURL('data:text/html,<title>stranger</title>');
        const said = await stranger.webContents.executeJavaScript(`
          new Promise((resolve) => {
            const heard = [];
            window.slipway.openLink((line) => heard.push(line), (why) => heard.push(why));
            window.slipway.copyText('stolen').then(() => heard.push('copied'), () => heard.push('refused'));
            setTimeout(() => resolve(heard), 1500);
          })`);
        stranger.destroy();
        return said as string[];
      },
      join(appFolder, 'main/preload.cjs'),
    );
    expect(answers).toEqual(['refused']);
  });

  it('copies what it is asked to', async () => {
    await page.evaluate(() =>
      (window as unknown as { slipway: { copyText(text: string): Promise<void> } }).slipway.copyText('orders.webshop'),
    );
    expect(await product.app.evaluate(({ clipboard }) => clipboard.readText())).toBe('orders.webshop');
  });

  it('opens only web addresses outside', async () => {
    const answers = await page.evaluate(() =>
      Promise.all(
        ['file:///etc/passwd', 'javascript:alert(1)', 'http://user:secret@host/', 'smb://host/share'].map((address) =>
          (window as unknown as { slipway: { openExternal(url: string): Promise<boolean> } }).slipway.openExternal(
            address,
          ),
        ),
      ),
    );
    expect(answers).toEqual([false, false, false, false]);
  });

  it('takes actions from the menu', async () => {
    await product.app.evaluate(({ Menu }) => {
      const items = Menu.getApplicationMenu()?.items.flatMap(({ submenu }) => submenu?.items ?? []) ?? [];
      (items.find(({ label }) => label === 'Diagnostics') as unknown as { click(): void }).click();
    });
    await page.getByRole('main').getByRole('heading', { name: 'Diagnostics' }).waitFor();
  });

  /** In the page, but not by Playwright, which waits for navigations that never come. */
  const inPage = (script: string) =>
    product.app.evaluate(
      ({ webContents }, text) => webContents.getAllWebContents()[0]?.executeJavaScript(text, true),
      script,
    );

  it.each([
    [
      'a link',
      "const link = document.createElement('a'); link.href = ADDRESS; document.body.append(link); link.click()",
    ],
    ['a script', 'window.location.href = ADDRESS'],
    ['a file', "window.location.href = 'file:///etc/passwd'"],
    ['a new window', "window.open(ADDRESS, '_blank')"],
  ])('stays where it is whatever %s asks for', async (_, script) => {
    await inPage(`setTimeout(() => { ${script.replaceAll('ADDRESS', JSON.stringify(foreign.address))} }); null`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const seen = await product.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map(({ webContents }) => webContents.getURL()),
    );
    expect(seen).toEqual(['slipway://window/']);
    expect(foreign.asked).toBe(0);
  });

  it('is shown again after its page died', async () => {
    const processId = await product.app.evaluate(({ webContents }) =>
      webContents.getAllWebContents()[0]?.getOSProcessId(),
    );
    process.kill(Number(processId), 'SIGKILL');
    // A script of a dead page would never answer: asked only once a page of another process is there.
    await until('a page in the window again', () =>
      product.app.evaluate(({ webContents }, before) => {
        const [contents] = webContents.getAllWebContents();
        return (
          contents !== undefined &&
          !contents.isCrashed() &&
          !contents.isLoading() &&
          ![0, before].includes(contents.getOSProcessId())
        );
      }, Number(processId)),
    );
    await until('the clusters in it', async () =>
      String(await inPage('document.body.innerText')).includes('staging-eu'),
    );
  });

  it('comes back where it was', async () => {
    await product.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.setBounds({ x: 120, y: 90, width: 900, height: 640 }),
    );
    await product.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await until('the place kept', () => {
      try {
        return JSON.parse(readFileSync(join(product.userData, 'window.json'), 'utf8')).bounds.width === 900;
      } catch {
        return false;
      }
    });
    await product.close();
    product = await startProduct(desktop, { folder: join(product.userData, '..') });
    page = await product.window();
    const bounds = await product.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds());
    expect(bounds).toMatchObject({ width: 900, height: 640 });
  });
});
