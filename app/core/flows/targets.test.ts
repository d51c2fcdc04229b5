import { expect, it } from 'vitest';
import type { Service, ServicePort } from '../../contract/index.ts';
import { findTargets } from './targets.ts';

const port = (name: string, number: number, targetPort: string, rest: Partial<ServicePort> = {}): ServicePort => ({
  ...{ name, port: number, protocol: 'TCP', targetPort, nodePort: null, application: '' },
  ...rest,
});
const service = (name: string, addresses: string[], rest: Partial<Service> = {}): Service => ({
  ...{ namespace: 'webshop', name, type: 'ClusterIP', addresses, headless: false, externalName: '' },
  ports: [port('http', 80, 'web', { endpointPort: 8080 }), port('dns', 53, '53', { protocol: 'UDP' })],
  endpoints: [{ address: '10.244.1.5', ready: true, pod: `${name}-0`, node: 'a' }],
  labels: {},
  createdAt: 0,
  ...rest,
});

const find = findTargets([
  service('orders', ['10.96.0.20', 'fd00::20']),
  service('other', ['10.96.0.21']), // has the same pod
  service('kubernetes', ['10.96.0.1'], {
    ports: [port('https', 443, '6443')],
    endpoints: [{ address: '192.0.2.1', ready: true, pod: '', node: '' }],
  }),
]);

it.each([
  ['10.96.0.20:80', { kind: 'service', namespace: 'webshop', name: 'orders', port: 'http' }],
  ['[fd00::20]:80', { kind: 'service', namespace: 'webshop', name: 'orders', port: 'http' }],
  ['10.96.0.20:81', { kind: 'service', namespace: 'webshop', name: 'orders', port: '' }],
  ['10.96.0.20:53', { kind: 'service', namespace: 'webshop', name: 'orders', port: '' }], // UDP has this port
  ['10.244.1.5:8080', { kind: 'pod', namespace: 'webshop', name: 'orders-0', port: 'http', service: 'orders' }],
  ['10.244.1.5:22', { kind: 'pod', namespace: 'webshop', name: 'orders-0', port: '', service: 'orders' }],
  ['192.0.2.1:6443', { kind: 'endpoint', namespace: 'webshop', name: 'kubernetes', port: 'https' }],
  ['10.244.1.6:80', null],
  ['nonsense', null],
])('%s is %j', (destination, target) => {
  expect(find(destination)).toEqual(target);
});
