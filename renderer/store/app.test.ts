import { describe, expect, it } from 'vitest';
import { type Counters, connectionOf, problem, success } from '../../app/contract/index.ts';
import { memoryHost } from '../host/memory-host.ts';
import { sampleHost } from '../preview/sample-host.ts';
import {
  sampleActivity,
  sampleConnected,
  sampleContexts,
  sampleFile,
  sampleReconnecting,
  sampleSettings,
  sampleSnapshot,
} from '../preview/samples.ts';
import { entriesKept, withEntries } from './activity.ts';
import { createApp } from './app.ts';
import { quantile, samplesKept, withSample } from './counters.ts';
import { createWindow, noFilter } from './window.ts';

/** Lets what was asked of the host be answered. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('an app', () => {
  it('follows the connected context with its streams, through a short loss, until it is off', async () => {
    const host = sampleHost('connected', {});
    const app = createApp(host, null);
    await settled();
    expect(host.subscriptionsOf('services')).toEqual([{ context: 'test-frankfurt', file: sampleFile }]);
    expect(app.services.store.getState().rows.length).toBeGreaterThan(10);

    host.setSnapshot({ ...sampleSnapshot, connections: [sampleReconnecting] });
    expect(app.services.store.getState().rows.length).toBeGreaterThan(10);
    host.setSnapshot({ ...sampleSnapshot, connections: [] });
    expect(host.subscriptionsOf('services')).toEqual([]);
    expect(app.services.store.getState().rows).toEqual([]);
  });

  it('follows the chosen context where two are connected, and the one that is left', async () => {
    const host = sampleHost('connected', {});
    const app = createApp(host, null);
    await settled();
    const other = { context: 'staging-eu', file: sampleFile };
    const second = { ...sampleConnected, cluster: { ...sampleConnected.cluster, ...other } };
    host.setSnapshot({ ...sampleSnapshot, connections: [sampleConnected, second] });
    app.window.setState({ chosen: other });
    expect(host.subscriptionsOf('services')).toEqual([other]);
    app.window.setState({ chosen: { context: 'nothing-on', file: sampleFile } });
    host.setSnapshot({ ...sampleSnapshot, connections: [second] });
    expect(host.subscriptionsOf('counters')).toEqual([other]);
  });

  it('chooses what is connected at first, and leaves the choice alone after that', async () => {
    const host = sampleHost('connected', {});
    const app = createApp(host, null);
    await settled();
    expect(app.window.getState().chosen?.context).toBe('test-frankfurt');
    app.window.setState({ chosen: { context: 'staging-eu', file: '' } });
    host.setSnapshot({ ...sampleSnapshot, revision: 43 });
    expect(app.window.getState().chosen?.context).toBe('staging-eu');
  });

  it('asks for contexts and settings again when the snapshot says so, and not otherwise', async () => {
    const host = sampleHost('connected', {});
    createApp(host, null);
    const asked = (name: string) => host.called.filter(({ command }) => command === name).length;
    await settled();
    host.setSnapshot({ ...sampleSnapshot, revision: 43 });
    expect([asked('listContexts'), asked('getSettings')]).toEqual([1, 1]);
    host.setSnapshot({ ...sampleSnapshot, revision: 44, contextsRevision: 2 });
    expect([asked('listContexts'), asked('getSettings')]).toEqual([2, 1]);
    // Another core counts anew: the same number does not mean the same contexts.
    host.setSnapshot({ ...sampleSnapshot, revision: 1, processId: 5000, contextsRevision: 2 });
    expect([asked('listContexts'), asked('getSettings')]).toEqual([3, 2]);
  });

  it('keeps the last snapshot and says that the link is lost', () => {
    const host = sampleHost('connected', {});
    const app = createApp(host, null);
    host.setLink({ kind: 'lost', why: 'ended', since: 1, nextTryAt: 2 });
    expect(app.mirror.getState()).toMatchObject({ link: { kind: 'lost' }, snapshot: { revision: 42 } });
    expect(connectionOf(app.mirror.getState().snapshot, sampleConnected.cluster)?.phase).toBe('connected');
  });

  it('takes a change of settings back where the core refuses it', async () => {
    const host = memoryHost({
      snapshot: sampleSnapshot,
      answers: {
        listContexts: () => success({ contexts: [...sampleContexts], problems: [] }),
        getSettings: () => success(sampleSettings),
        changeSettings: () => ({ ok: false, problem: problem('internal', 'disk full') }),
      },
    });
    const app = createApp(host, null);
    await settled();
    const change = app.settings.change({ theme: 'dark' });
    expect(app.settings.store.getState().settings?.theme).toBe('dark');
    expect((await change).ok).toBe(false);
    expect(app.settings.store.getState()).toMatchObject({
      settings: { theme: 'system' },
      problem: { cause: 'disk full' },
    });
  });

  it('shows three notes at most', () => {
    const app = createApp(sampleHost('off', {}), null);
    for (const text of ['one', 'two', 'three', 'four']) {
      app.toasts.getState().show({ tone: 'fine', text });
    }
    expect(app.toasts.getState().toasts.map(({ text }) => text)).toEqual(['two', 'three', 'four']);
  });
});

describe('counters', () => {
  const at = (seconds: number, bytesDown: number): Counters => ({
    at: seconds * 1000,
    bytesUp: 0,
    bytesDown,
    packetsUp: 0,
    packetsDown: 0,
    flows: 0,
    roundTripMicroseconds: 1000,
    routes: [],
  });
  const fed = (...samples: Counters[]) => samples.reduce(withSample, { latest: null, samples: [] });

  it('make rates of two totals', () => {
    expect(fed(at(0, 0), at(2, 3000)).samples.map(({ down }) => down)).toEqual([0, 1500]);
  });

  it('make none of a total that fell', () => {
    expect(fed(at(0, 9000), at(1, 10)).samples.map(({ down }) => down)).toEqual([0, 0]);
  });

  it('keep two minutes', () => {
    const many = fed(...Array.from({ length: 500 }, (_, second) => at(second, second)));
    expect(many.samples).toHaveLength(samplesKept);
    expect(many.samples.at(-1)?.at).toBe(499_000);
  });

  it('tell a quantile', () => {
    expect(quantile([5, 1, 3], 0.95)).toBe(5);
    expect(quantile([], 0.5)).toBeNull();
  });
});

describe('activity', () => {
  it('takes each entry once, also when the core tells all of them again', () => {
    const once = withEntries([], sampleActivity);
    expect(withEntries(once, sampleActivity)).toBe(once);
    const first = sampleActivity[0];
    const ofAnotherCore = first === undefined ? [] : [{ ...first, at: first.at + 1 }];
    expect(withEntries(once, ofAnotherCore)).toHaveLength(once.length + 1);
  });

  it('is bounded', () => {
    const first = sampleActivity[0];
    const many = Array.from({ length: entriesKept + 10 }, (_, id) => ({ ...(first as NonNullable<typeof first>), id }));
    expect(withEntries([], many)).toHaveLength(entriesKept);
  });
});

describe('the window’s own state', () => {
  function memory(text: string | null = null) {
    let kept = text;
    return {
      getItem: () => kept,
      setItem: (_: string, value: string) => {
        kept = value;
      },
    };
  }

  it('is there again after a restart, but for what one typed', () => {
    const storage = memory();
    createWindow(storage).setState({
      view: 'settings',
      chosen: { context: 'a', file: 'b' },
      panelWidth: 400,
      look: { theme: 'dark', contrast: 'system', language: 'zh-CN' },
      filter: { ...noFilter, text: 'orders', isReadyOnly: true },
    });
    expect(createWindow(storage).getState()).toMatchObject({
      view: 'settings',
      chosen: { context: 'a', file: 'b' },
      panelWidth: 400,
      look: { theme: 'dark', contrast: 'system', language: 'zh-CN' },
      filter: { text: '', isReadyOnly: true },
    });
  });

  it.each([
    ['no JSON', '{'],
    ['another version', '{"version":99,"view":"settings"}'],
    [
      'values of other kinds',
      '{"version":1,"view":7,"tab":{},"chosen":"x","filter":null,"panelWidth":"wide","look":{"theme":"pink"}}',
    ],
    ['a width that no window has', '{"version":1,"panelWidth":90000}'],
  ])('starts fresh with %s', (_, text) => {
    const state = createWindow(memory(text)).getState();
    expect(state).toMatchObject({
      view: 'cluster',
      tab: 'services',
      chosen: null,
      filter: noFilter,
      look: { theme: 'system' },
    });
    expect(state.panelWidth).toBeLessThanOrEqual(560);
  });
});
