import { describe, expect, it } from 'vitest';
import type { Service, ServicePort } from '../../app/contract/index.ts';
import { addressForms, formToCopy, usualPort, webAddressOf } from './address-forms.ts';
import { kindOfPort } from './port-kinds.ts';

const port = (more: Partial<ServicePort> = {}): ServicePort => ({
  name: '',
  port: 80,
  protocol: 'TCP',
  targetPort: '8080',
  nodePort: null,
  application: '',
  ...more,
});
const service = (more: Partial<Service> = {}): Service => ({
  namespace: 'webshop',
  name: 'orders',
  type: 'ClusterIP',
  addresses: ['10.96.41.7'],
  headless: false,
  externalName: '',
  ports: [port()],
  endpoints: [],
  labels: {},
  createdAt: 0,
  ...more,
});
const naming = {
  clusterDomain: 'cluster.local',
  homeNamespace: 'webshop',
  refused: ['dev', 'corp'],
  suffix: '',
  routes: [],
};
const textsOf = (of: Service, at: ServicePort | null, from = naming) =>
  Object.fromEntries(addressForms(of, at, from).map(({ form, text }) => [form, text]));

describe('address forms', () => {
  it('of a web service are all that a browser, a shell and a program take', () => {
    expect(textsOf(service(), port())).toEqual({
      'host-port': 'orders.webshop:80',
      url: 'http://orders.webshop.svc.cluster.local/',
      name: 'orders.webshop',
      'full-name': 'orders.webshop.svc.cluster.local',
      'short-name': 'orders',
      'cluster-ip': '10.96.41.7',
      environment: 'ORDERS_URL=http://orders.webshop.svc.cluster.local/',
      curl: 'curl -i http://orders.webshop.svc.cluster.local/',
    });
  });

  it('say whose they are where plain names are another cluster’s', () => {
    expect(
      textsOf(service({ namespace: 'dev' }), port(), { ...naming, homeNamespace: 'dev', suffix: '.staging-2' }),
    ).toMatchObject({
      url: 'http://orders.dev.svc.cluster.local.staging-2/',
      name: 'orders.dev.staging-2',
      'full-name': 'orders.dev.svc.cluster.local.staging-2',
      'short-name': 'orders.staging-2',
    });
  });

  it('have a short name in the home namespace only', () => {
    expect(textsOf(service(), port(), { ...naming, homeNamespace: 'infra' })['short-name']).toBeUndefined();
  });

  it('lead nowhere else where the namespace is called as a network of others', () => {
    const forms = textsOf(service({ namespace: 'corp', name: 'mail' }), port({ port: 5432 }));
    expect(forms).toMatchObject({
      'host-port': 'mail.corp.svc:5432',
      name: 'mail.corp.svc',
      'full-name': 'mail.corp.svc.cluster.local',
      psql: 'psql -h mail.corp.svc -p 5432 -U postgres',
    });
  });

  it('take the cluster’s own domain, and a port that is not the usual one', () => {
    const https = port({ name: 'https-api', port: 9443 });
    expect(textsOf(service(), https, { ...naming, clusterDomain: 'corp.internal' }).url).toBe(
      'https://orders.webshop.svc.corp.internal:9443/',
    );
  });

  it.each([
    ['postgres', port({ port: 5432 }), { psql: 'psql -h orders.webshop -p 5432 -U postgres' }],
    ['redis', port({ application: 'redis', port: 7000 }), { 'redis-cli': 'redis-cli -h orders.webshop -p 7000' }],
    ['grpc', port({ name: 'grpc', port: 9090 }), { grpcurl: 'grpcurl -plaintext orders.webshop:9090 list' }],
  ])('of %s have the line of its client, and no URL', (_, at, line) => {
    const texts = textsOf(service(), at);
    expect(texts).toMatchObject({ ...line, environment: `ORDERS_ADDRESS=orders.webshop:${at.port}` });
    expect(texts.url).toBeUndefined();
  });

  it('of a headless service have no address, of one without ports only names', () => {
    expect(textsOf(service({ addresses: [], headless: true }), port())['cluster-ip']).toBeUndefined();
    expect(Object.keys(textsOf(service({ ports: [], addresses: [] }), null))).toEqual([
      'name',
      'full-name',
      'short-name',
    ]);
  });

  it('make a variable’s name that a shell takes', () => {
    expect(textsOf(service({ name: '3scale-api' }), port({ port: 5000 })).environment).toBe(
      '_3SCALE_API_ADDRESS=3scale-api.webshop:5000',
    );
  });

  it.each(['a;rm -rf ~', '$(id)', 'a b', 'a\u202eb', '', 'Ａ'])(
    'of the name %j are none: it could end in a shell',
    (name) => {
      expect(addressForms(service({ name }), port(), naming)).toEqual([]);
      expect(webAddressOf(service({ name }), port(), naming)).toBeNull();
    },
  );

  it('have the address that works where a range has others on this laptop, and the real one beside it', () => {
    const range = { prefix: '10.96.0.0/16', kind: 'services', origin: 'service-cidr', decision: 'mapped' } as const;
    const routes = [{ ...range, virtual: '198.19.0.0/16', reason: '', conflict: '', interface: '' }];
    expect(addressForms(service(), port(), { ...naming, routes })).toContainEqual({
      form: 'cluster-ip',
      text: '198.19.41.7',
      real: '10.96.41.7',
    });
  });

  it('leave out an address that is none', () => {
    expect(textsOf(service({ addresses: ['10.96.0.1; id'] }), port())['cluster-ip']).toBeUndefined();
  });

  it('copied with C are of the form used last, or of the nearest', () => {
    const forms = addressForms(service(), port({ port: 5432 }), naming);
    expect(formToCopy(forms, 'psql')?.form).toBe('psql');
    expect(formToCopy(forms, 'curl')?.form).toBe('host-port');
    expect(formToCopy(addressForms(service(), null, naming), 'url')?.form).toBe('name');
    expect(formToCopy([], 'url')).toBeNull();
  });
});

describe('ports', () => {
  it.each([
    [port({ application: 'https', name: 'http', port: 80 }), 'https'],
    [port({ application: 'kubernetes.io/ws', port: 1234 }), 'http'],
    [port({ name: 'http-metrics', port: 9100 }), 'http'],
    [port({ name: 'metrics', port: 8080 }), 'other'],
    [port({ name: '', port: 8443 }), 'https'],
    [port({ name: 'tcp-main', port: 5432 }), 'postgres'],
    [port({ name: 'http', port: 80, protocol: 'UDP' }), 'other'],
    [port({ name: 'constructor', port: 1 }), 'other'],
  ])('%j speaks %s', (given, kind) => {
    expect(kindOfPort(given)).toBe(kind);
  });

  it('are used at the one that speaks HTTP, else at the first', () => {
    const ports = [port({ name: 'metrics', port: 9000 }), port({ name: 'http', port: 8081 })];
    expect(usualPort(service({ ports }))?.port).toBe(8081);
    expect(usualPort(service({ ports: ports.slice(0, 1) }))?.port).toBe(9000);
    expect(usualPort(service({ ports: [] }))).toBeNull();
  });
});
