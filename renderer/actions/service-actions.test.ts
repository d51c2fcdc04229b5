/** What the keys C, P, T and O do, by the actions that they run, over the sample laptop. */
import { describe, expect, it } from 'vitest';
import { sampleHost } from '../preview/sample-host.ts';
import { sampleFile } from '../preview/samples.ts';
import { type App, createApp } from '../store/app.ts';
import { en } from '../words/english.ts';
import { createWords, sayWith } from '../words/words.ts';
import type { Action, ActionContext } from './action.ts';
import { isContextOn } from './connection.ts';
import { copyService } from './copy-service.ts';
import { openService } from './open-service.ts';
import { pinService } from './pin-service.ts';
import { testService } from './test-service.ts';

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

async function opened() {
  const host = sampleHost('connected', {});
  const app = createApp(host, null);
  await settled();
  const context: ActionContext = { app, say: sayWith(createWords('en', en)) };
  const on = (name: string, namespace = 'webshop') => app.window.setState({ cursor: { namespace, name } });
  return { host, app, context, on };
}
const pinned = (app: App) => app.settings.store.getState().settings?.pinnedServices.map(({ name }) => name);
const run = async (action: Action, context: ActionContext) => {
  expect(action.isAvailable(context)).toBe(true);
  await action.run(context);
};

describe('on the row that the keys are on', () => {
  it('C copies in the form used last, and the port that was chosen', async () => {
    const { host, app, context, on } = await opened();
    on('orders');
    await run(copyService, context);
    app.window.setState({ port: { namespace: 'webshop', name: 'orders', port: 9090 } });
    await run(copyService, context);
    await app.settings.change({ copyForm: 'url' });
    on('orders-export');
    await run(copyService, context);
    expect(host.copied).toEqual([
      'orders.webshop:80',
      'orders.webshop:9090',
      'http://orders-export.webshop.svc.cluster.local:8080/',
    ]);
  });

  it('P pins and unpins', async () => {
    const { app, context, on } = await opened();
    on('orders-db', 'infra');
    await run(pinService, context);
    expect(pinned(app)).toEqual(['orders', 'orders-db']);
    await run(pinService, context);
    expect(pinned(app)).toEqual(['orders']);
  });

  it('T opens the panel and tests the port', async () => {
    const { host, app, context, on } = await opened();
    on('orders');
    await run(testService, context);
    expect(app.window.getState().service).toEqual({ namespace: 'webshop', name: 'orders' });
    expect(host.called.at(-1)).toEqual({
      command: 'testService',
      input: { context: 'test-frankfurt', file: sampleFile, namespace: 'webshop', service: 'orders', port: 80 },
    });
  });

  it('O asks before it opens a page, and offers none where nothing speaks HTTP', async () => {
    const { host, app, context, on } = await opened();
    on('orders-db', 'infra');
    expect(openService.isAvailable(context)).toBe(false);
    on('orders');
    await run(openService, context);
    expect(app.window.getState().opening).toBe('http://orders.webshop.svc.cluster.local/');
    expect(host.opened).toEqual([]);
  });

  it('nothing is done where no row is, or another page is shown', async () => {
    const { app, context, on } = await opened();
    expect(copyService.isAvailable(context)).toBe(false);
    on('orders');
    app.window.setState({ view: 'settings' });
    expect([copyService, pinService, testService].map((action) => action.isAvailable(context))).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('the switch', () => {
  it('is on while it tries again by itself after a failure, and off where it gave up', async () => {
    const { host, app } = await opened();
    const failed = app.mirror.getState().snapshot?.connections.find(({ phase }) => phase === 'failed');
    const snapshot = app.mirror.getState().snapshot;
    if (failed?.phase !== 'failed' || snapshot === null) {
      throw new Error('the samples have a failure');
    }
    expect(isContextOn(app, failed.cluster)).toBe(false);
    host.setSnapshot({ ...snapshot, connections: [{ ...failed, retry: 'automatic', nextTryAt: 1 }] });
    expect(isContextOn(app, failed.cluster)).toBe(true);
  });
});
