/** Tray, closing, starting twice, quitting, and a core that dies: the app as a process among others. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { heapFlags } from '../../../app/hosts/core/modest-memory.ts';
import { type Desktop, openDesktop } from './desktop.ts';
import { appFolder, electronFolder, type Product, snapshotOf, startProduct, until } from './product.ts';

describe('the app among other programs', () => {
  let desktop: Desktop;
  let product: Product | null = null;

  beforeAll(async () => {
    desktop = await openDesktop();
  });
  afterEach(async () => {
    await product?.close();
    product = null;
    await desktop.setTrayHost(false);
  });
  afterAll(() => desktop?.close());

  const isVisible = (one: Product) =>
    one.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().some((window) => window.isVisible()));
  const phase = (one: Product) =>
    one.snapshot().then(
      ({ connections }) => connections[0]?.phase ?? 'off',
      () => 'no core',
    );
  const closeWindow = (one: Product) =>
    one.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
  const hasEnded = (one: Product) => {
    return one.process.exitCode !== null || one.process.signalCode !== null;
  };

  /** Windows of the X server that belong to the app: size and place on the screen. */
  function windowsOfApp(name: RegExp) {
    return desktop
      .x('xwininfo', '-root', '-tree')
      .split('\n')
      .filter((line) => name.test(line))
      .map((line) => /(\d+)x(\d+)[+-]-?\d+[+-]-?\d+\s+\+(-?\d+)\+(-?\d+)/.exec(line)?.slice(1).map(Number) ?? [])
      .map(([width = 0, height = 0, x = 0, y = 0]) => ({ width, height, x, y }));
  }
  const click = (x: number, y: number, button: 1 | 3) =>
    desktop.x('xdotool', 'mousemove', String(Math.round(x)), String(Math.round(y)), 'click', String(button));
  /** trayer docks the icon in its panel, at the right of the upper edge. */
  async function clickIcon(button: 1 | 3) {
    const find = () =>
      windowsOfApp(/"electron"/).find(({ width, x, y }) => width >= 16 && width <= 40 && x > 1000 && y >= 0 && y < 30);
    await until('an icon in the tray', () => find() !== undefined);
    const icon = find();
    click((icon?.x ?? 0) + (icon?.width ?? 0) / 2, (icon?.y ?? 0) + (icon?.height ?? 0) / 2, button);
  }

  it('connects by a click on the tray icon and one in its menu', async () => {
    product = await startProduct(desktop);
    const page = await product.window();
    await page.getByRole('button', { name: /test-frankfurt/ }).waitFor();
    // The menu follows the core's contexts: it is looked at again until the entry is there.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await clickIcon(3);
    const findMenu = () =>
      windowsOfApp(/"electron"/).find(({ width, height, x }) => width > 90 && height > 80 && x > 900);
    await until('the menu of the tray', () => findMenu() !== undefined);
    const menu = findMenu();
    // The second row; the first one only says what is the case.
    click((menu?.x ?? 0) + 60, (menu?.y ?? 0) + 41, 1);
    const one = product;
    await until('a connection', async () => (await phase(one)) === 'connected');
  });

  it('keeps running when the window closes where a tray shows it', async () => {
    await desktop.setTrayHost(true);
    product = await startProduct(desktop, { scenarios: 'fast,connected' });
    const one = product;
    await one.window();
    await until('a connection', async () => (await phase(one)) === 'connected');
    await until('the window', () => isVisible(one));
    await closeWindow(one);
    await until('no window', async () => !(await isVisible(one)));
    expect(await phase(one)).toBe('connected');
    expect(hasEnded(one)).toBe(false);
    await clickIcon(1);
    await until('the window again', () => isVisible(one));
  });

  it('asks once where no tray shows it, and remembers the answer', async () => {
    product = await startProduct(desktop, { scenarios: 'fast,kept' });
    const one = product;
    await one.window();
    await until('a core', async () => (await phase(one)) === 'off');
    await one.connect('test-frankfurt');
    await until('a connection', async () => (await phase(one)) === 'connected');
    // The system's dialog belongs to no page: its answer is given here, and what it asked is kept.
    await one.app.evaluate(({ dialog }) => {
      const asked: unknown[] = [];
      Object.assign(globalThis, { asked });
      dialog.showMessageBox = (async (_window: unknown, options: unknown) => {
        asked.push(options);
        return { response: 0, checkboxChecked: true };
      }) as typeof dialog.showMessageBox;
    });
    const asked = () =>
      one.app.evaluate(() => (globalThis as unknown as { asked: { message: string; buttons: string[] }[] }).asked);
    await until('the window', () => isVisible(one));
    await closeWindow(one);
    await until('no window', async () => !(await isVisible(one)));
    expect(await asked()).toMatchObject([{ message: 'Keep Slipway running?' }]);
    await one.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show());
    await closeWindow(one);
    await until('no window again', async () => !(await isVisible(one)));
    expect(await asked()).toHaveLength(1);
    expect(await phase(one)).toBe('connected');
  });

  it('shows the window that is there when it is started again', async () => {
    await desktop.setTrayHost(true);
    product = await startProduct(desktop);
    const one = product;
    await one.window();
    await until('the window', () => isVisible(one));
    await closeWindow(one);
    await until('no window', async () => !(await isVisible(one)));
    const second = spawn(
      join(electronFolder(), 'electron'),
      ['--no-sandbox', '--disable-gpu', `--user-data-dir=${one.userData}`, appFolder],
      { env: one.environment, stdio: 'ignore' },
    );
    const code = await new Promise((resolve) => second.once('close', resolve));
    expect(code).toBe(0);
    await until('the window again', () => isVisible(one));
    expect(await one.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  });

  it('stays hidden at login until it is asked for', async () => {
    product = await startProduct(desktop, { words: ['--hidden'] });
    const one = product;
    await until('the core', () => existsSync(one.coreSocket));
    expect(await isVisible(one)).toBe(false);
    const second = spawn(
      join(electronFolder(), 'electron'),
      ['--no-sandbox', '--disable-gpu', `--user-data-dir=${one.userData}`, appFolder],
      { env: one.environment, stdio: 'ignore' },
    );
    await new Promise((resolve) => second.once('close', resolve));
    await until('the window', () => isVisible(one));
  });

  it('disconnects and ends core and app when it quits', async () => {
    product = await startProduct(desktop, { scenarios: 'fast,connected' });
    const one = product;
    await one.window();
    await until('a connection', async () => (await phase(one)) === 'connected');
    await one.app.evaluate(({ app }) => {
      setTimeout(() => app.quit(), 0);
    });
    await until('the end of the app', () => hasEnded(one));
    expect(one.process.exitCode).toBe(0);
    await until('the end of the core', () => !existsSync(one.coreSocket));
    const activity = readFileSync(join(one.environment.SLIPWAY_STATE_DIR ?? '', 'core.log'), 'utf8');
    expect(activity).not.toMatch(/error/i);
  });

  it('shows that the core died, starts another and goes on', async () => {
    product = await startProduct(desktop);
    const one = product;
    const page = await one.window();
    await page.getByRole('button', { name: /test-frankfurt/ }).waitFor();
    const before = await snapshotOf(one.coreSocket);
    const [processId] = readFileSync(join(one.environment.SLIPWAY_RUNTIME_DIR ?? '', 'core.lock'), 'utf8').split(' ');
    process.kill(Number(processId), 'SIGKILL');
    await page.getByRole('alert').filter({ hasText: 'core does not answer' }).waitFor();
    await page.getByRole('alert').filter({ hasText: 'core does not answer' }).waitFor({ state: 'detached' });
    const [next] = readFileSync(join(one.environment.SLIPWAY_RUNTIME_DIR ?? '', 'core.lock'), 'utf8').split(' ');
    expect(next).not.toBe(processId);
    expect((await snapshotOf(one.coreSocket)).build).toBe(before.build);
    const started = readFileSync(`/proc/${next}/cmdline`, 'utf8').split('\0');
    expect(started, 'as modest as one that the command line starts').toEqual(expect.arrayContaining([...heapFlags]));
  });
});
