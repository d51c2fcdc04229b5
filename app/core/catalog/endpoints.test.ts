import { expect, it } from 'vitest';
import type { Service } from '../../contract/index.ts';
import { endpointsOf, selectNamespaces } from './endpoints.ts';

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
  expect(endpointsOf({ namespaces: [], services, problems: [] })).toEqual({
    services: [
      { namespace: 'webshop', name: 'orders', address: '10.96.0.7', ready: ['10.244.0.3', '10.244.0.9'] },
      { namespace: 'webshop', name: 'orders', address: 'fd00::7', ready: ['fd01::3'] },
      { namespace: 'webshop', name: 'silent', address: '10.96.0.2', ready: [] },
    ],
  });
});

it('selects by namespace, in order', () => {
  const services = [service('b', 'z', [], []), service('a', 'y', [], []), service('b', 'a', [], [])];
  const names = (selected: readonly Service[]) => selected.map(({ namespace, name }) => `${namespace}/${name}`);
  expect(names(selectNamespaces(services, []))).toEqual(['a/y', 'b/a', 'b/z']);
  expect(names(selectNamespaces(services, ['b']))).toEqual(['b/a', 'b/z']);
});
