/** The way into the window, in a real browser: what a user's click opens, and what nobody else can. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Stage, setStage } from './stage.ts';

describe('the web host in a browser', () => {
  let browser: Browser;
  let stage: Stage;
  /** A page of another program on this computer. */
  let hostile: Server;
  let elsewhere = '';

  beforeAll(async () => {
    browser = await openBrowser();
    stage = await setStage(browser, ['fast']);
    hostile = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><title>elsewhere</title><p>elsewhere</p>');
    });
    await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
    elsewhere = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}/`;
  });
  afterAll(async () => {
    hostile?.closeAllConnections();
    hostile?.close();
    await stage?.close();
    await browser?.close();
  });

  it('hands its code over in a file that is the user’s alone, and takes the file away once it was used', async () => {
    expect(existsSync(stage.host.file)).toBe(false);
    const file = stage.host.renew();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    expect(stage.page.url()).toBe(`${stage.origin}/`); // no code in an address
  });

  it('lets nobody in by a code that was used', async () => {
    const file = stage.host.renew();
    const copy = join(stage.folder, 'copy.html');
    writeFileSync(copy, readFileSync(file));
    const first = await browser.newContext();
    const page = await first.newPage();
    await page.goto(pathToFileURL(file).href);
    await page.getByRole('navigation', { name: 'Main navigation' }).waitFor();
    await first.close();
    const second = await browser.newContext();
    const thief = await second.newPage();
    const answer = thief.waitForResponse((response) => response.url().endsWith('/enter'));
    await thief.goto(pathToFileURL(copy).href).catch(() => {});
    expect((await answer).status()).toBe(403);
    expect(await second.cookies()).toEqual([]);
    await second.close();
  });

  it('shows nothing to a browser that did not enter', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    expect((await page.goto(`${stage.origin}/`))?.status()).toBe(401);
    expect((await page.goto(`${stage.origin}/index.html`))?.status()).toBe(401);
    await context.close();
  });

  it('keeps its cookie from scripts and other sites', async () => {
    const [cookie, ...others] = await stage.context.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', domain: '127.0.0.1', expires: -1 });
    expect(await stage.page.evaluate(() => document.cookie)).toBe('');
  });

  it('allows no script and no style made of text, and no address but its own', async () => {
    const page = await stage.context.newPage();
    await page.goto(`${stage.origin}/`);
    const outcome = await page.evaluate(async (target) => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "ran"';
      document.body.append(script);
      const style = document.createElement('style');
      style.textContent = 'body { outline: 7px solid red }';
      document.head.append(style);
      const outline = getComputedStyle(document.body).outlineStyle;
      // Not in the evaluated function itself, which the browser's debugger exempts from the page's policy.
      const code = await new Promise((resolve) =>
        setTimeout(() => {
          try {
            resolve(new Function('return "ran"')());
          } catch (error) {
            resolve((error as Error).name);
          }
        }),
      );
      const answer = await fetch(target).then(
        () => 'answered',
        () => 'refused',
      );
      return { title: document.title, outline, code, answer };
    }, elsewhere);
    expect(outcome).toEqual({ title: 'Slipway', outline: 'none', code: 'EvalError', answer: 'refused' });
    await page.close();
  });

  it('lets the menus of the window have their styles, by the nonce of its page', async () => {
    await stage.page.keyboard.press('Control+,');
    await stage.page.getByRole('combobox').first().click();
    await stage.page.getByRole('option').first().waitFor();
    const applied = await stage.page.evaluate(() =>
      [...document.querySelectorAll('style')].map(({ sheet, nonce }) => (nonce ?? '') !== '' && sheet !== null),
    );
    expect(applied.length).toBeGreaterThan(0);
    expect(applied).not.toContain(false);
    await stage.page.keyboard.press('Escape');
    expect(stage.complaints).toEqual([]);
  });

  describe('a page of another port, in the very browser that entered', () => {
    let page: Page;
    beforeAll(async () => {
      page = await stage.context.newPage();
      await page.goto(elsewhere);
    });
    afterAll(() => page?.close());

    it('opens no WebSocket', async () => {
      const outcome = await page.evaluate(
        (target) =>
          new Promise((resolve) => {
            const socket = new WebSocket(target);
            socket.onopen = () => resolve('open');
            socket.onerror = () => resolve('refused');
          }),
        `${stage.origin.replace('http', 'ws')}/link`,
      );
      expect(outcome).toBe('refused');
    });

    it('reads nothing, with or without credentials', async () => {
      const outcomes = await page.evaluate(async (target) => {
        const tried: string[] = [];
        for (const options of [
          { credentials: 'include' },
          { credentials: 'omit' },
          { mode: 'no-cors', credentials: 'include' },
        ] as const) {
          tried.push(
            await fetch(target, options).then(
              async (answer) => `${answer.type}: ${(await answer.text()).length}`,
              () => 'refused',
            ),
          );
        }
        return tried;
      }, `${stage.origin}/`);
      expect(outcomes).toEqual(['refused', 'refused', expect.stringMatching(/^(refused|opaque: 0)$/)]);
    });

    it('shows it in no frame, and loads none of its scripts', async () => {
      const script = await stage.page.evaluate(
        () => document.querySelector<HTMLScriptElement>('script[src]')?.src ?? '',
      );
      expect(script).toMatch(/^http/);
      const outcome = await page.evaluate(
        async ({ target, source }) => {
          const loads = (element: HTMLElement) =>
            new Promise((resolve) => {
              element.addEventListener('load', () => resolve('loaded'));
              element.addEventListener('error', () => resolve('refused'));
              document.body.append(element);
            });
          const frame = document.createElement('iframe');
          frame.src = target;
          await loads(frame);
          const module = document.createElement('script');
          module.src = source;
          let framed = '';
          try {
            framed = frame.contentDocument?.title ?? '';
          } catch {
            framed = 'closed to this page';
          }
          return { framed, script: await loads(module) };
        },
        { target: `${stage.origin}/`, source: script },
      );
      expect(outcome.script).toBe('refused');
      expect(outcome.framed).not.toBe('Slipway');
      const frames = page.frames().filter((frame) => frame !== page.mainFrame());
      for (const frame of frames) {
        expect(await frame.locator('#root').count()).toBe(0);
      }
    });

    it('enters with no code of its own making', async () => {
      const answer = page.waitForResponse((response) => response.url().endsWith('/enter'));
      await page.evaluate((target) => {
        const form = document.createElement('form');
        form.method = 'post';
        form.action = target;
        document.body.append(form);
        form.submit();
      }, `${stage.origin}/enter`);
      expect((await answer).status()).toBe(403);
    });
  });

  it('says that it is gone when it is closed', async () => {
    const other = await setStage(browser, ['fast'], {
      expected: /WebSocket connection|ERR_CONNECTION_(REFUSED|RESET)/,
    });
    await other.host.close();
    await other.page.getByRole('alert').filter({ hasText: 'core does not answer' }).waitFor();
    await other.close();
  });
});
