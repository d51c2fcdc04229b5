import { expect, test } from 'vitest';
import type { KubernetesObject } from './api-objects.ts';
import { createAssembly } from './assembly.ts';
import { serviceOf, sliceOf } from './catalogue-objects.ts';
import { keptOf } from './kept-lists.ts';

const service = (name: string, namespace = 'shop', labels = {}, annotations = {}) => ({
  metadata: { name, namespace, labels, annotations },
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.9', ports: [{ port: 80 }] },
});
const slice = (name: string, of: string, address: string, namespace = 'shop') => ({
  metadata: { name, namespace, labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
});

/** As informers tell it: of each object what is kept. */
function assemblyOfObjects() {
  const { service: putService, slice: putSlice, assemble } = createAssembly();
  return {
    service: (object: KubernetesObject, isThere: boolean) => putService(keptOf(object, serviceOf), isThere),
    slice: (object: KubernetesObject, isThere: boolean) => putSlice(keptOf(object, sliceOf), isThere),
    assemble,
  };
}

function started() {
  const assembly = assemblyOfObjects();
  for (const name of ['zebra', 'orders', 'apple']) {
    assembly.service(service(name), true);
  }
  assembly.service(service('orders', 'dev'), true);
  assembly.slice(slice('orders-1', 'orders', '10.244.0.5'), true);
  const services = () =>
    assembly
      .assemble([], [])
      .services.map(({ namespace, name, endpoints }) =>
        [namespace, name, ...endpoints.map(({ address }) => address)].join(' '),
      );
  return { assembly, services };
}

test('is sorted by namespace and name, however Services come, change and go', () => {
  const { assembly, services } = started();
  expect(services()).toEqual(['dev orders', 'shop apple', 'shop orders 10.244.0.5', 'shop zebra']);
  assembly.service(service('middle'), true);
  assembly.service(service('apple'), false);
  assembly.service(service('aaa', 'aaa'), true);
  expect(services()).toEqual(['aaa aaa', 'dev orders', 'shop middle', 'shop orders 10.244.0.5', 'shop zebra']);
  for (let index = 0; index < 600; index += 1) {
    assembly.service(service(`s-${String(index).padStart(3, '0')}`, 'bulk'), true);
  }
  const many = services();
  expect(many).toHaveLength(605);
  expect(many).toEqual([...many].sort());
});

test('keeps what did not change the same object, also where only what nobody sees changed', () => {
  const { assembly } = started();
  const before = assembly.assemble([], []).services;
  assembly.service(service('orders', 'shop', { version: '2' }), true);
  assembly.service(service('apple', 'shop', {}, { 'checked-at': 'noon' }), true);
  const after = assembly.assemble([], []).services;
  expect(after.map((one, index) => one === before[index])).toEqual([true, true, false, true]);
  expect(after[2]?.labels).toEqual({ version: '2' });
  expect(before[2]?.labels).toEqual({}); // what was told stays as it was
  expect(assembly.assemble([], []).services).toBe(after);
});

test('follows slices that change, go, or come to belong to another Service', () => {
  const { assembly, services } = started();
  assembly.slice(slice('orders-2', 'orders', '10.244.0.6'), true);
  expect(services()).toContain('shop orders 10.244.0.5 10.244.0.6');
  assembly.slice(slice('orders-1', 'zebra', '10.244.0.7'), true);
  expect(services()).toEqual(expect.arrayContaining(['shop orders 10.244.0.6', 'shop zebra 10.244.0.7']));
  assembly.slice(slice('orders-2', 'orders', '10.244.0.6'), false);
  expect(services()).toContain('shop orders');
});

test('knows slices that come before their Service, and Services that come back', () => {
  const { assembly, services } = started();
  assembly.slice(slice('late-1', 'late', '10.244.0.8'), true);
  expect(services()).not.toContain('shop late 10.244.0.8');
  assembly.service(service('late'), true);
  expect(services()).toContain('shop late 10.244.0.8');
  assembly.service(service('late'), false);
  assembly.service(service('late'), true);
  expect(services()).toContain('shop late 10.244.0.8');
});

test('a Service that becomes malformed is no longer there', () => {
  const { assembly, services } = started();
  assembly.service({ metadata: { name: 'zebra', namespace: 'shop' } }, true);
  expect(services()).not.toContain('shop zebra');
});

test.each([
  ['the port of every pod', [[{ name: 'web', port: 8080 }]], []],
  ['the port of some pods', [[], [{ name: 'web', port: 8080 }]], []],
  ['a name that no container has', [[]], [80]],
  ['a slice without ports', [null], [80]],
  ['another port only', [[{ name: 'metrics', port: 9090 }]], [80]],
  ['the same name of UDP', [[{ name: 'web', port: 8080, protocol: 'UDP' }]], [80]],
  ['no endpoints', [], undefined],
])('knows which ports of a Service lead to nothing: %s', (_, ports, lacking) => {
  const assembly = assemblyOfObjects();
  const of = service('orders');
  const named = { ...of, spec: { ...of.spec, ports: [{ name: 'web', port: 80 }] } };
  assembly.service(named, true);
  for (const [index, has] of ports.entries()) {
    const made = { ...slice(`orders-${index}`, 'orders', `10.244.0.${index}`), ports: has };
    assembly.slice(made, true);
  }
  const [joined] = assembly.assemble([], []).services;
  expect(joined?.traffic?.lacking ?? (lacking === undefined ? undefined : [])).toEqual(lacking);
});

test.each<[string, (object[] | null)[], string | number, number | undefined]>([
  ['the number of every pod', [[{ name: 'web', port: 8080 }], [{ name: 'web', port: 8080 }]], 'http', 8080],
  ['nothing where pods differ', [[{ name: 'web', port: 8080 }], [{ name: 'web', port: 8081 }]], 'http', undefined],
  ['nothing where some pods have none', [[{ name: 'web', port: 8080 }], []], 'http', undefined],
  ['nothing where every port is meant', [[{ name: 'web' }]], 'http', undefined],
  ['nothing without endpoints', [], 'http', undefined],
  ['nothing where it is a number already', [[{ name: 'web', port: 8080 }]], 8080, undefined],
])('a targetPort that is a name stands for %s', (_, ports, targetPort, endpointPort) => {
  const assembly = assemblyOfObjects();
  const of = service('orders');
  const named = { ...of, spec: { ...of.spec, ports: [{ name: 'web', port: 80, targetPort }] } };
  assembly.service(named, true);
  for (const [index, has] of ports.entries()) {
    const made = { ...slice(`orders-${index}`, 'orders', `10.244.0.${index}`), ports: has };
    assembly.slice(made, true);
  }
  const [port] = assembly.assemble([], []).services[0]?.ports ?? [];
  expect(port).toMatchObject({ targetPort: String(targetPort) });
  expect(port?.endpointPort).toBe(endpointPort);
});
