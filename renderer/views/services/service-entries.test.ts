import { describe, expect, it } from 'vitest';
import type { Service } from '../../../app/contract/index.ts';
import { sampleServices } from '../../preview/samples.ts';
import type { Preference } from '../../store/rank-services.ts';
import type { ServiceFilter } from '../../store/window.ts';
import { listItems, sortAfter } from './list-entries.ts';
import { type Entry, entryOf, type Filter, type Found, matchingEntries, orderedEntries } from './service-entries.ts';

const all: Filter = { text: '', isReadyOnly: false, pinned: null, namespaces: [] };
const byName = { column: 'name', isDescending: false } as const;
const nowhere: Preference = { homeNamespace: '', pinned: new Set() };
const orderedBy = (rows: readonly Service[], sort: ServiceFilter['sort'], before?: readonly Entry[]) =>
  orderedEntries(rows, sort, nowhere, before);
const ordered = orderedBy(sampleServices, byName);
const matching = (rows: readonly Entry[], filter: Filter, before?: Found) =>
  matchingEntries(rows, filter, nowhere, true, before);
const found = (filter: Partial<Filter>) => matching(ordered, { ...all, ...filter }).matching.map(({ key }) => key);
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
    let before = matching(ordered, all);
    for (const text of texts) {
      const filter = { ...all, text };
      const now = matching(ordered, filter, before);
      expect(now.matching, text).toEqual(matching(ordered, filter).matching);
      before = now;
    }
    const readyOnly = { ...all, text: 'orders', isReadyOnly: true };
    const wider = { ...readyOnly, text: 'orders-', isReadyOnly: false };
    expect(matching(ordered, wider, matching(ordered, readyOnly)).matching).toEqual(matching(ordered, wider).matching);
    const others = ordered.slice(1);
    const wanted = { ...all, text: 'o' };
    expect(matching(others, wanted, matching(ordered, all)).matching).toEqual(matching(others, wanted).matching);
  });

  it('gives the list itself where nothing is wished for', () => {
    expect(matching(ordered, all).matching).toBe(ordered);
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
  const names = (column: ServiceFilter['sort']['column'], isDescending = false) =>
    orderedBy(sampleServices, { column, isDescending });

  it('orders addresses by their numbers', () => {
    const addresses = ['10.96.9.1', '10.96.10.1', '10.96.9.20'].map((address) => ({
      ...named('orders'),
      name: address,
      addresses: [address],
    }));
    expect(orderedBy(addresses, { column: 'address', isDescending: false }).map(({ address }) => address)).toEqual([
      '10.96.9.1',
      '10.96.9.20',
      '10.96.10.1',
    ]);
  });

  it('puts what is not ready first, and last when turned around', () => {
    expect(names('ready')[0]?.readiness).toBe('none');
    expect(names('ready', true).at(-1)?.readiness).toBe('none');
  });

  it('puts the youngest first', () => {
    const young = { ...named('orders'), name: 'young', createdAt: named('orders').createdAt + 1000 };
    expect(orderedBy([named('orders'), young], { column: 'age', isDescending: false })[0]?.service.name).toBe('young');
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
      expect(keys(orderedBy(rows, sort, before))).toEqual(keys(orderedBy(rows, sort)));
    }
    expect(keys(orderedBy(rows, byName, before))).not.toContain(`${gone?.namespace}/${gone?.name}`);
  });

  it('keeps equal rows by name, whichever way', () => {
    const first = (isDescending: boolean) =>
      names('namespace', isDescending).filter(({ service }) => service.namespace === 'infra')[0]?.service.name;
    expect(first(false)).toBe(first(true));
  });
});

describe('groups', () => {
  it('have a heading with the count before their rows, in the order of namespaces', () => {
    const items = listItems(matching(ordered, { ...all, text: 'orders' }).matching, true);
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
