import { describe, expect, it } from 'vitest';
import type { Service } from '../../app/contract/index.ts';
import { partsOf } from '../kit/ForeignText.tsx';
import { sampleServices } from '../preview/samples.ts';
import { isTypedOn, parseQuery } from './query.ts';
import { type Match, type Preference, rankServices } from './rank-services.ts';

const [sample] = sampleServices;
const service = (namespace: string, name: string, more: Partial<Service> = {}): Service => {
  if (sample === undefined) {
    throw new Error('the samples have Services');
  }
  return { ...sample, namespace, name, addresses: [], endpoints: [], ports: [], labels: {}, externalName: '', ...more };
};
const port = (number: number, name = '', nodePort: number | null = null) => ({
  name,
  port: number,
  protocol: 'TCP',
  targetPort: '',
  nodePort,
  application: '',
});
const endpoint = (address: string, pod: string) => ({ address, pod, ready: true, node: 'worker-0' });

const rows: readonly Service[] = [
  service('monitoring', 'kubernetes-events', { labels: { app: 'kafka' } }),
  service('webshop', 'orders', {
    addresses: ['10.96.41.7', 'fd00::41:7'],
    ports: [port(80, 'http'), port(9090, 'grpc', 30090)],
    endpoints: [endpoint('10.244.1.5', 'orders-6d4f-x2x')],
  }),
  service('webshop', 'orders-db', { addresses: ['10.96.41.70'], ports: [port(5432, 'postgres')] }),
  service('infra', 'orders-cache', { addresses: ['10.96.4.1'], ports: [port(6379)] }),
  service('infra', 'kafka', {
    headless: true,
    ports: [port(9092, 'broker')],
    endpoints: [endpoint('10.244.2.9', 'kafka-0'), endpoint('10.244.2.10', 'kafka-1')],
  }),
  service('default', 'kubernetes', { addresses: ['10.96.0.1'], ports: [port(443, 'https')] }),
  service('team', 'reorders', { addresses: ['10.96.0.10'] }),
  service('webshop', 'legacy', { type: 'ExternalName', externalName: 'soap.partner.example.com' }),
];
const nowhere: Preference = { homeNamespace: '', pinned: new Set() };
const ranked = (text: string, preference = nowhere) => rankServices(rows, (one) => one, parseQuery(text), preference);
const found = (text: string, preference?: Preference) => ranked(text, preference).map(({ item }) => item.name);

describe('a search', () => {
  it.each([
    // The name itself, before names that begin so, before names that hold it, before labels.
    ['orders', ['orders', 'orders-db', 'orders-cache', 'reorders']],
    ['kafka', ['kafka', 'kubernetes-events']],
    ['kubernetes', ['kubernetes', 'kubernetes-events']],
    // Addresses: the address itself before those that begin so.
    ['10.96.41.7', ['orders', 'orders-db']],
    ['10.96.0.1', ['kubernetes', 'reorders']],
    ['10.96.41.7:80', ['orders', 'orders-db']],
    ['fd00::41:7', ['orders']],
    ['[fd00::41:7]:80', ['orders']],
    ['FD00:0000:0:0:0:0:0041:0007', ['orders']],
    ['http://[fd00:0:0:0:0:0:41:7]/', ['orders']],
    ['10.244.2.9', ['kafka']],
    ['http://10.96.41.7/health?x=1', ['orders', 'orders-db']],
    // Whole names, as they are copied from anywhere.
    ['orders.webshop', ['orders']],
    ['orders.webshop.svc', ['orders']],
    ['orders.webshop.svc.cluster.local', ['orders']],
    ['orders.webshop.svc.cluster.local.', ['orders']],
    ['orders.webshop.svc.corp.example', ['orders']],
    ['orders.webshop.svc.clus', ['orders']],
    ['orders.webshop:80', ['orders']],
    ['http://orders.webshop:80/x', ['orders']],
    ['HTTP://Orders.Webshop/', ['orders']],
    ['https://user:secret@orders.webshop.svc.cluster.local/a/b#c', ['orders']],
    ['jdbc:postgresql://orders-db.webshop:5432/shop', ['orders-db']],
    ['orders.webshop:80/x', ['orders']],
    ['_http._tcp.orders.webshop.svc.cluster.local', ['orders']],
    ['soap.partner.example.com', ['legacy']],
    // As kubectl writes it.
    ['webshop/orders', ['orders', 'orders-db']],
    ['web/orders', ['orders', 'orders-db']],
    ['svc/orders', ['orders', 'orders-db', 'orders-cache', 'reorders']],
    ['webshop/', ['orders', 'orders-db', 'legacy']],
    ['orders/health', ['orders', 'orders-db', 'orders-cache', 'reorders']],
    ['pod/kafka-0', ['kafka']],
    // Pods.
    ['kafka-1', ['kafka']],
    ['kafka-1.kafka.infra.svc.cluster.local', ['kafka']],
    ['kafka-1.kafka', ['kafka']],
    ['orders-6d4f', ['orders']],
    ['10-244-1-5.webshop.pod.cluster.local', ['orders']],
    // Ports and words.
    ['5432', ['orders-db']],
    ['30090', ['orders']],
    ['postgres', ['orders-db']],
    ['webshop orders', ['orders', 'orders-db']],
    ['orders 80', ['orders']],
    ['nothing-like-it', []],
    ['webshop/nothing', []],
  ])('for %s finds %j', (text, names) => {
    expect(found(text)).toEqual(names);
  });

  it('puts the home namespace before pinned ones, and both behind a name that fits better', () => {
    expect(found('orders', { homeNamespace: 'infra', pinned: new Set() })).toEqual([
      'orders',
      'orders-cache',
      'orders-db',
      'reorders',
    ]);
    expect(found('orders', { homeNamespace: '', pinned: new Set(['infra/orders-cache', 'team/reorders']) })).toEqual([
      'orders',
      'orders-cache',
      'orders-db',
      'reorders',
    ]);
    expect(found('orders', { homeNamespace: 'webshop', pinned: new Set(['infra/orders-cache']) })[1]).toBe('orders-db');
  });

  it.each([
    ['kafka-0', 'pod', 'kafka-0'],
    ['10.244.2.9', 'endpoint', '10.244.2.9'],
    ['fd00::', 'address', 'fd00::41:7'],
    ['9092', 'port', 'broker 9092'],
    ['30090', 'port', '30090'],
    ['app=kafka', 'label', 'app=kafka'],
    ['orders.webshop.s', 'full-name', 'orders.webshop.svc.cluster.local'],
    ['legacy', 'name', 'legacy'],
  ] as const)('says of %s that it was found in %s', (text, field, where) => {
    const words = text === 'fd00::' ? '[fd00::' : text;
    expect(ranked(words)[0]?.match).toMatchObject({ field, text: where } satisfies Partial<Match>);
  });

  it('finds on while a form is typed, letter by letter', () => {
    for (const whole of ['http://orders.webshop:80/x', 'webshop/orders', 'orders.webshop.svc.cluster.local:80']) {
      for (let length = whole.indexOf('orders') + 3; length <= whole.length; length += 1) {
        expect(found(whole.slice(0, length))[0], whole.slice(0, length)).toBe('orders');
      }
    }
  });

  it('looks among what was found before only where that cannot hide anything', () => {
    expect(isTypedOn('ord', 'orders')).toBe(true);
    expect(isTypedOn('orders', 'orders d')).toBe(true);
    for (const [before, after] of [
      ['orders', 'order'],
      ['http:', 'http://'],
      ['webshop', 'webshop/'],
      ['10-244-1-5', '10-244-1-5.a.pod'],
    ] as const) {
      expect(isTypedOn(before, after), after).toBe(false);
    }
  });
});

describe('what is marked', () => {
  it('is every place at which a word stands, the longest of two', () => {
    const marked = (text: string, words: readonly string[]) =>
      partsOf(text, words)
        .map(({ part, isMarked }) => (isMarked ? `[${part}]` : part))
        .join('');
    expect(marked('Orders-orders', ['orders'])).toBe('[Orders]-[orders]');
    expect(marked('orders-db', ['ord', 'orders'])).toBe('[orders]-db');
    expect(marked('orders', ['x', ''])).toBe('orders');
    expect(marked('', ['x'])).toBe('');
    expect(marked('İx', ['x'])).toBe('İx'); // its lower case is longer
  });
});
