import { describe, expect, it } from 'vitest';
import type { Service } from '../../../app/contract/index.ts';
import { sampleServices } from '../../preview/samples.ts';
import { entryOf, type Filter, listItems, matchingEntries, orderedEntries, sortAfter } from './service-entries.ts';

const all: Filter = { text: '', isReadyOnly: false, pinned: null, namespaces: [] };
const byName = { column: 'name', isDescending: false } as const;
const ordered = orderedEntries(sampleServices, byName);
const found = (filter: Partial<Filter>) => matchingEntries(ordered, { ...all, ...filter }).map(({ key }) => key);
const named = (name: string): Service => {
  const service = sampleServices.find((one) => one.name === name);
  if (service === undefined) {
    throw new Error(name);
  }
  return service;
};

describe('the filter', () => {
  it('finds by name, namespace, port, label and address, each as one types', () => {
    expect(found({ text: 'orders-d' })).toEqual(['infra/orders-db']);
    expect(found({ text: 'kafka' })).toEqual(['infra/orders-events']);
    expect(found({ text: '9090' })).toEqual(['webshop/orders']);
    expect(found({ text: '10.96.41.' })).toContain('webshop/orders');
    expect(found({ text: 'name=orders-legacy' })).toEqual(['webshop/orders-legacy']);
    expect(found({ text: 'erp.corp' })).toEqual(['webshop/orders-legacy']);
  });

  it('wants every word, in any case and order', () => {
    expect(found({ text: '  INFRA Orders ' })).toEqual(['infra/orders-db', 'infra/orders-events']);
    expect(found({ text: 'orders nowhere' })).toEqual([]);
  });

  it('finds a Service by the name that is copied', () => {
    expect(found({ text: 'orders.webshop.svc' })).toEqual(['webshop/orders']);
  });

  it('shows only what is ready, pinned, or in the namespaces in view', () => {
    expect(found({ text: 'orders', isReadyOnly: true })).toEqual([
      'webshop/orders',
      'infra/orders-db',
      'infra/orders-events',
    ]);
    expect(found({ pinned: new Set(['webshop/orders', 'gone/gone']) })).toEqual(['webshop/orders']);
    expect(new Set(found({ namespaces: ['infra'] }).map((key) => key.split('/')[0]))).toEqual(new Set(['infra']));
  });

  it('finds the same among what the letters before found', () => {
    const texts = ['o', 'or', 'orders', 'orders ', 'orders i', 'orders inf', 'orders', 'Orders-D', 'rders', ''];
    let before = { ordered, filter: all, matching: ordered };
    for (const text of texts) {
      const filter = { ...all, text };
      const matching = matchingEntries(ordered, filter, before);
      expect(matching, text).toEqual(matchingEntries(ordered, filter));
      before = { ordered, filter, matching };
    }
    const readyOnly = { ...all, text: 'orders', isReadyOnly: true };
    const wider = { ...readyOnly, text: 'orders-', isReadyOnly: false };
    const narrow = { ordered, filter: readyOnly, matching: matchingEntries(ordered, readyOnly) };
    expect(matchingEntries(ordered, wider, narrow)).toEqual(matchingEntries(ordered, wider));
    const others = ordered.slice(1);
    const everything = { ordered, filter: all, matching: ordered };
    expect(matchingEntries(others, { ...all, text: 'o' }, everything)).toEqual(
      matchingEntries(others, { ...all, text: 'o' }),
    );
  });

  it('gives the list itself where nothing is wished for', () => {
    expect(matchingEntries(ordered, all)).toBe(ordered);
  });
});

describe('a row', () => {
  it('tells how ready a Service is', () => {
    const readiness = ['orders', 'orders-events', 'orders-export', 'orders-legacy'].map(
      (name) => entryOf(named(name)).readiness,
    );
    expect(readiness).toEqual(['all', 'some', 'none', 'outside']);
  });

  it('is made once for a Service that did not change', () => {
    expect(entryOf(named('orders'))).toBe(entryOf(named('orders')));
  });
});

describe('sorting', () => {
  const names = (column: Parameters<typeof orderedEntries>[1]['column'], isDescending = false) =>
    orderedEntries(sampleServices, { column, isDescending });

  it('orders addresses by their numbers', () => {
    const addresses = ['10.96.9.1', '10.96.10.1', '10.96.9.20'].map((address) => ({
      ...named('orders'),
      name: address,
      addresses: [address],
    }));
    expect(orderedEntries(addresses, { column: 'address', isDescending: false }).map(({ address }) => address)).toEqual(
      ['10.96.9.1', '10.96.9.20', '10.96.10.1'],
    );
  });

  it('puts what is not ready first, and last when turned around', () => {
    expect(names('ready')[0]?.readiness).toBe('none');
    expect(names('ready', true).at(-1)?.readiness).toBe('none');
  });

  it('puts the youngest first', () => {
    const young = { ...named('orders'), name: 'young', createdAt: named('orders').createdAt + 1000 };
    expect(orderedEntries([named('orders'), young], { column: 'age', isDescending: false })[0]?.service.name).toBe(
      'young',
    );
  });

  it('goes up by a column that was chosen, and the other way round when it is chosen again', () => {
    const down = sortAfter(byName, 'name');
    expect(down).toEqual({ column: 'name', isDescending: true });
    expect(sortAfter(down, 'name')).toEqual(byName);
    expect(sortAfter(down, 'age')).toEqual({ column: 'age', isDescending: false });
  });

  it('comes to the same from any order before', () => {
    const before = names('age');
    const [gone, ...rest] = sampleServices;
    const changed = rest.map((service, index) => (index === 3 ? { ...service, createdAt: 5 } : service));
    const added = { ...named('orders'), name: 'added' };
    const rows = [...changed, added];
    const keys = (entries: ReturnType<typeof names>) => entries.map(({ key }) => key);
    for (const column of ['name', 'ready', 'age'] as const) {
      const sort = { column, isDescending: true };
      expect(keys(orderedEntries(rows, sort, before))).toEqual(keys(orderedEntries(rows, sort)));
    }
    expect(keys(orderedEntries(rows, byName, before))).not.toContain(`${gone?.namespace}/${gone?.name}`);
  });

  it('keeps equal rows by name, whichever way', () => {
    const first = (isDescending: boolean) =>
      names('namespace', isDescending).filter(({ service }) => service.namespace === 'infra')[0]?.service.name;
    expect(first(false)).toBe(first(true));
  });
});

describe('groups', () => {
  it('have a heading with the count before their rows, in the order of namespaces', () => {
    const items = listItems(matchingEntries(ordered, { ...all, text: 'orders' }), true);
    expect(items.map((item) => (item.kind === 'group' ? `${item.namespace} ${item.count}` : item.entry.key))).toEqual([
      'infra 2',
      'infra/orders-db',
      'infra/orders-events',
      'webshop 3',
      'webshop/orders',
      'webshop/orders-export',
      'webshop/orders-legacy',
    ]);
  });
});
