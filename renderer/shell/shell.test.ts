import { describe, expect, it } from 'vitest';
import { keysOf } from '../actions/action.ts';
import { actions, findAction } from '../actions/registry.ts';
import { webAddress } from '../host/host.ts';
import { platformOf } from '../host/web-host.ts';
import { rowAfterKey } from '../kit/row-keys.ts';
import { shareOf, stateOf } from '../parts/connection-state.ts';
import { sampleHost } from '../preview/sample-host.ts';
import {
  sampleConnected,
  sampleContexts,
  sampleFailed,
  sampleForbidden,
  samplePreparing,
  sampleSettings,
  sampleSnapshot,
} from '../preview/samples.ts';
import { createApp } from '../store/app.ts';
import { contextKey } from '../store/listings.ts';
import { railGroups } from '../store/rail-groups.ts';
import { chinese } from '../words/chinese.ts';
import { en } from '../words/english.ts';
import { soundsLike } from '../words/pinyin.ts';
import { isPressOf, type Press } from './keys.ts';
import { fitting, wordsOf } from './palette-items.ts';

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('the rail', () => {
  const names = (groups: ReturnType<typeof railGroups>) =>
    Object.fromEntries(groups.map(({ name, contexts }) => [name, contexts.map((context) => context.name)]));
  const [, staging] = sampleContexts;

  it('has each context once: what is on, what is pinned, what was used, the rest', () => {
    const pinnedContexts = staging === undefined ? [] : [contextKey(staging)];
    expect(names(railGroups(sampleContexts, sampleSnapshot, { ...sampleSettings, pinnedContexts }, ''))).toEqual({
      connected: ['test-frankfurt'],
      pinned: ['staging-eu'],
      recent: ['dev-shared', 'sandbox'],
      all: ['arn:aws:eks:eu-west-1:012345678901:cluster/production-blue'],
    });
  });

  it('finds by name, server and user', () => {
    expect(names(railGroups(sampleContexts, null, null, ' 10.90 '))).toEqual({ recent: ['sandbox'] });
    expect(railGroups(sampleContexts, null, null, 'nowhere')).toEqual([]);
  });

  it('tells the states apart', () => {
    expect(stateOf(null)).toBe('off');
    expect(stateOf(sampleConnected)).toBe('connected');
    expect(stateOf({ ...sampleConnected, degraded: [sampleForbidden] })).toBe('degraded');
    expect(stateOf(sampleFailed)).toBe('failed');
    expect(shareOf(samplePreparing)).toBeCloseTo(2 / 7);
  });
});

describe('keys', () => {
  const press = (key: string, more: Partial<Press> = {}): Press => ({
    key,
    code: '',
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  });

  it.each([
    ['Mod+K', press('k', { ctrlKey: true }), 'linux', true],
    ['Mod+K', press('k', { metaKey: true }), 'linux', false],
    ['Mod+K', press('k', { metaKey: true }), 'darwin', true],
    ['Mod+K', press('k', { ctrlKey: true }), 'darwin', false],
    ['Mod+K', press('K', { ctrlKey: true, shiftKey: true }), 'linux', false],
    ['Mod+Shift+T', press('T', { ctrlKey: true, shiftKey: true }), 'linux', true],
    ['C', press('c'), 'linux', true],
    ['C', press('c', { ctrlKey: true }), 'linux', false],
    ['C', press('c', { altKey: true }), 'linux', false],
    ['?', press('?', { shiftKey: true }), 'linux', true],
    ['/', press('/'), 'linux', true],
    ['/', press('/', { shiftKey: true }), 'linux', true],
    ['Mod+Enter', press('Enter', { ctrlKey: true }), 'linux', true],
    // The same place on a keyboard of another script.
    ['Mod+K', press('л', { code: 'KeyK', ctrlKey: true }), 'linux', true],
  ] as const)('%s', (keys, pressed, platform, expected) => {
    expect(isPressOf(pressed, keys, platform)).toBe(expected);
  });

  it('move through rows', () => {
    expect(rowAfterKey('ArrowDown', -1, 3)).toBe(0);
    expect(rowAfterKey('ArrowDown', 2, 3)).toBe(2);
    expect(rowAfterKey('PageUp', 4, 30)).toBe(0);
    expect(rowAfterKey('End', 0, 30)).toBe(29);
    expect(rowAfterKey('ArrowUp', 0, 0)).toBeNull();
    expect(rowAfterKey('x', 0, 3)).toBeNull();
  });
});

describe('the palette', () => {
  const clusters = (text: string) =>
    fitting(
      ['staging-eu', 'eu', 'prod-europe', 'neu'].map((name) => ({ name, server: `https://${name}.example.com` })),
      wordsOf(text),
      ({ name, server }) => ({ names: [name], others: [server] }),
    ).map(({ item }) => item.name);
  const commands = (text: string) =>
    fitting(actions, wordsOf(text), ({ words }) => ({
      names: [en[words], chinese[words]],
      soundsLike: (letters) => soundsLike(chinese[words], letters),
    })).map(({ item }) => item.id);

  it('puts the name itself first, then what begins so, a word of it, and what holds it', () => {
    expect(clusters('eu')).toEqual(['eu', 'staging-eu', 'prod-europe', 'neu']);
    expect(clusters('example eu')[0]).toBe('eu');
    expect(clusters('nowhere')).toEqual([]);
  });

  it.each([
    ['settings', 'go-settings'],
    ['设置', 'go-settings'],
    ['shezhi', 'go-settings'],
    ['qwsz', 'go-settings'],
    ['diagnostics', 'go-diagnostics'],
    ['zhenduan', 'go-diagnostics'],
    ['huodong', 'go-activity'],
    ['quick', undefined],
    ['about', 'go-about'],
    ['guanyu', 'go-about'],
    ['dark', 'toggle-theme'],
    ['shense', 'toggle-theme'],
  ])('finds a command by %s', (text, id) => {
    expect(commands(text)[0]).toBe(id);
  });

  it('finds every command by what it is called in either language', () => {
    for (const { id, words, isKeyOnly } of actions) {
      if (isKeyOnly !== true) {
        expect(commands(en[words]), id).toContain(id);
        expect(commands(chinese[words]), id).toContain(id);
      }
    }
  });
});

describe('actions', () => {
  it('have ids, keys and words of their own', () => {
    expect(new Set(actions.map(({ id }) => id)).size).toBe(actions.length);
    for (const host of ['web', 'electron'] as const) {
      const keys = actions.flatMap((action) => keysOf(action, host) ?? []);
      expect(new Set(keys).size).toBe(keys.length);
    }
    expect(actions.filter(({ words }) => !(words in en))).toEqual([]);
  });

  it('have no keys in a browser that browsers keep from pages', () => {
    // Chromium: chrome/browser/ui/browser_command_controller.cc, IsReservedCommandOrKey; Firefox: browser-sets.inc, reserved.
    const kept = ['Mod+T', 'Mod+N', 'Mod+W', 'Mod+Q', 'Mod+Tab', 'Mod+Shift+T', 'Mod+Shift+N', 'Mod+Shift+W'];
    const all = [...kept, 'Mod+Shift+P', 'Mod+Shift+Q', 'Mod+Shift+Tab', 'Mod+PageUp', 'Mod+PageDown', 'Alt+F4', 'F11'];
    expect(actions.flatMap((action) => keysOf(action, 'web') ?? []).filter((keys) => all.includes(keys))).toEqual([]);
  });

  async function appOf(state: Parameters<typeof sampleHost>[0]) {
    const host = sampleHost(state, {});
    const app = createApp(host, null);
    await settled();
    const run = async (id: string) => findAction(id)?.run({ app, say: (word) => word });
    return { host, app, run, called: () => host.called.map(({ command }) => command) };
  }

  it('connect a context that was confirmed', async () => {
    const { app, host, run } = await appOf('off');
    app.window.setState({ chosen: { context: 'staging-eu', file: sampleConnected.cluster.file } });
    await run('toggle-connection');
    expect(host.called.at(-1)).toMatchObject({ command: 'connect', input: { context: 'staging-eu' } });
    expect(app.mirror.getState().snapshot?.connections[0]).toMatchObject({ phase: 'connected' });
  });

  it('ask before the first use of a context', async () => {
    const { app, run, called } = await appOf('off');
    const chosen = sampleContexts.at(-1);
    app.window.setState({ chosen: chosen === undefined ? null : contextKey(chosen) });
    await run('toggle-connection');
    expect(called()).not.toContain('connect');
    expect(app.window.getState().confirming?.context).toBe(chosen?.name);
  });

  it('disconnect what is on', async () => {
    const { run, called } = await appOf('connected');
    await run('toggle-connection');
    expect(called()).toContain('disconnect');
  });

  it('say why the core refused', async () => {
    const { app, host, run } = await appOf('connected');
    host.setLink({ kind: 'lost', why: 'gone', since: 0, nextTryAt: null });
    expect(findAction('toggle-connection')?.isAvailable({ app, say: (word) => word })).toBe(false);
    await run('toggle-connection');
    expect(app.toasts.getState().toasts[0]).toMatchObject({ tone: 'bad' });
  });

  it('pin and unpin', async () => {
    const { app, run } = await appOf('connected');
    await run('pin-context');
    expect(app.settings.store.getState().settings?.pinnedContexts).toHaveLength(1);
    await run('pin-context');
    expect(app.settings.store.getState().settings?.pinnedContexts).toHaveLength(0);
  });

  it('go to a cluster by its number', async () => {
    const { app, run } = await appOf('connected');
    await run('go-cluster-2');
    expect(app.window.getState()).toMatchObject({ view: 'cluster', chosen: { context: 'staging-eu' } });
  });
});

describe('addresses to open', () => {
  it.each(['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'vscode://x', 'not an address'])(
    'are not %s',
    (url) => {
      expect(webAddress(url)).toBeNull();
    },
  );

  it('are http and https', () => {
    expect(webAddress('http://orders.webshop:80')).toBe('http://orders.webshop/');
    expect(webAddress('https://10.96.41.7/x')).toBe('https://10.96.41.7/x');
  });

  it('of platforms', () => {
    expect(platformOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)')).toBe('darwin');
    expect(platformOf('Mozilla/5.0 (Windows NT 10.0; Win64)')).toBe('win32');
    expect(platformOf('Mozilla/5.0 (X11; Linux x86_64)')).toBe('linux');
  });
});
