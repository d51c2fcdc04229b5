import { describe, expect, it } from 'vitest';
import type { Service } from '../../contract/index.ts';
import type { ServiceEndpoints } from '../engine-messages.ts';
import { createEndpointTelling, selectNamespaces } from './endpoints.ts';

function service(namespace: string, name: string, addresses: string[], endpoints: [string, boolean][]): Service {
  return {
    namespace,
    name,
    type: 'ClusterIP',
    addresses,
    headless: addresses.length === 0,
    externalName: '',
    ports: [],
    endpoints: endpoints.map(([address, ready]) => ({ address, ready, pod: '', node: '' })),
    labels: {},
    createdAt: 0,
  };
}

it('names the ready endpoints of each address, of its own family, once', () => {
  const services = [
    service(
      'webshop',
      'orders',
      ['10.96.0.7', 'fd00::7'],
      [
        ['10.244.0.9', true],
        ['10.244.0.3', true],
        ['10.244.0.9', true],
        ['10.244.0.4', false],
        ['fd01::3', true],
      ],
    ),
    service('webshop', 'silent', ['10.96.0.2'], [['10.244.0.5', false]]),
    service('webshop', 'headless', [], [['10.244.0.6', true]]),
  ];
  const told = createEndpointTelling().messages({ namespaces: [], services, problems: [] });
  expect(told).toEqual([
    {
      whole: true,
      services: [
        { namespace: 'webshop', name: 'orders', address: '10.96.0.7', ready: ['10.244.0.3', '10.244.0.9'] },
        { namespace: 'webshop', name: 'orders', address: 'fd00::7', ready: ['fd01::3'] },
        { namespace: 'webshop', name: 'silent', address: '10.96.0.2', ready: [] },
      ],
    },
  ]);
});

describe('what an engine is told after the first time', () => {
  const orders = service('webshop', 'orders', ['10.96.0.7'], [['10.244.0.9', true]]);
  const api = service('dev', 'api', ['10.96.0.8'], []);
  const entry = (name: string, ...ready: string[]) => ({ namespace: 'webshop', name, address: '10.96.0.7', ready });
  const cases: Readonly<Record<string, [Service[], ServiceEndpoints[]]>> = {
    nothing: [[api, orders], []],
    'the same in other objects': [[{ ...api }, { ...orders, labels: { tier: 'front' } }], []],
    'an endpoint that is ready no more': [[api, { ...orders, endpoints: [] }], [{ services: [entry('orders')] }]],
    'a Service more': [[api, service('webshop', 'new', ['10.96.0.7'], []), orders], [{ services: [entry('new')] }]],
    'a Service less': [[orders], [{ services: [], gone: [{ namespace: 'dev', name: 'api' }] }]],
    'one that lost its address': [
      [api, { ...orders, addresses: [], headless: true }],
      [{ services: [], gone: [{ namespace: 'webshop', name: 'orders' }] }],
    ],
  };
  it.each(Object.entries(cases))('%s', (_, [services, expected]) => {
    const telling = createEndpointTelling();
    telling.messages({ namespaces: [], services: [api, orders], problems: [] });
    expect(telling.messages({ namespaces: [], services, problems: [] })).toEqual(expected);
    expect(telling.messages({ namespaces: [], services, problems: [] })).toEqual([]);
  });

  it('an empty catalogue is told, too, once', () => {
    const telling = createEndpointTelling();
    const empty = { namespaces: [], services: [], problems: [] };
    expect(telling.messages(empty)).toEqual([{ whole: true, services: [] }]);
    expect(telling.messages(empty)).toEqual([]);
  });
});

it('tells any number of Services in parts that a frame holds', () => {
  const endpoints = (count: number): [string, boolean][] =>
    Array.from({ length: count }, (_, index) => [`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, true]);
  const few = endpoints(25);
  const services = Array.from({ length: 3000 }, (_, index) =>
    service('shop', `service-${index}`, [`10.96.${index >> 8}.${index & 255}`], few),
  );
  services.push(service('shop', 'huge', ['10.97.0.1'], endpoints(20_000)));
  const telling = createEndpointTelling();
  const parts = telling.messages({ namespaces: [], services, problems: [] });
  expect(Math.max(...parts.map((part) => JSON.stringify(part).length))).toBeLessThan(300_000);
  expect(parts.map(({ whole }) => whole === true).indexOf(true, 1)).toBe(-1);
  expect(parts.map(({ more }) => more === true)).toEqual(parts.map((_, index) => index < parts.length - 1));
  expect(parts.flatMap((part) => part.services.map(({ name }) => name))).toEqual(services.map(({ name }) => name));
  const left = telling.messages({ namespaces: [], services: [], problems: [] });
  expect(left.flatMap(({ gone }) => gone ?? [])).toHaveLength(3001);
  expect(left.every(({ whole }) => whole === undefined)).toBe(true);
});

it('selects by namespace, in order', () => {
  const services = [service('b', 'z', [], []), service('a', 'y', [], []), service('b', 'a', [], [])];
  const names = (selected: readonly Service[]) => selected.map(({ namespace, name }) => `${namespace}/${name}`);
  expect(names(selectNamespaces(services, []))).toEqual(['a/y', 'b/a', 'b/z']);
  expect(names(selectNamespaces(services, ['b']))).toEqual(['b/a', 'b/z']);
});
