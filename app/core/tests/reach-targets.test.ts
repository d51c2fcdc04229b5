/** What is asked and dialled again and again: enough to judge by, and nothing that a bare connection disturbs. */
import { describe, expect, it } from 'vitest';
import type { Service } from '../../contract/index.ts';
import { service } from '../../fakes/service.ts';
import { reachTargets } from '../catalog/reach-targets.ts';

const choices = { homeNamespace: 'webshop', clusterDomain: 'cluster.local', agentNode: '' };
const withPort = (one: Service, port: number, name = '', application = ''): Service => ({
  ...one,
  ports: [{ name, port, protocol: 'TCP', targetPort: String(port), nodePort: null, application }],
});
const pod = (address: string, node: string, ready = true) => ({ address, ready, pod: address, node });
const catalogue = (...services: Service[]) => ({ namespaces: [], services, problems: [] });
const api = withPort(service('default', 'kubernetes', '10.96.0.1', ['192.168.7.2']), 443, 'https');
const bare = { ...api, endpoints: api.endpoints.map((endpoint) => ({ ...endpoint, pod: '' })) };
const dns = withPort(service('kube-system', 'kube-dns', '10.96.0.10', ['10.244.0.2']), 53, 'dns-tcp');

describe('targets of the reach check', () => {
  it('have the name even where nothing may be listed', () => {
    const targets = reachTargets(null, choices);
    expect(targets).toEqual({ name: 'kubernetes.default.svc.cluster.local', services: [], pods: [] });
  });

  it('begin with the API server and DNS, and take no endpoint for a pod that is none', () => {
    const orders = service('webshop', 'orders', '10.96.41.7', ['10.244.0.12', '10.244.1.9']);
    const targets = reachTargets(catalogue(orders, dns, bare), choices);
    expect(targets.services).toEqual(['10.96.0.1:443', '10.96.0.10:53', '10.96.41.7:80']);
    expect(targets.pods).toEqual(['10.244.0.2:53', '10.244.1.9:8080', '10.244.0.12:8080']);
  });

  it.each([
    ['MySQL', 3306, 'mysql', ''],
    ['a database without a name', 3306, '', ''],
    ['Postgres', 5432, 'tcp-postgresql', ''],
    ['Redis', 6379, 'redis', ''],
    ['AMQP', 5672, 'amqp', ''],
    ['SMTP', 25, 'smtp', ''],
    ['what says so', 80, 'http', 'mysql'],
  ])('never knock at %s', (_, port, name, application) => {
    const database = withPort(service('webshop', 'db', '10.96.7.7', ['10.244.0.7']), port, name, application);
    expect(reachTargets(catalogue(database), choices)).toMatchObject({ services: [], pods: [] });
  });

  it.each(['10250', '10255'])('never name port %s, which the agent dials for nobody', (targetPort) => {
    const metrics = withPort(
      service('monitoring', 'metrics', '10.96.7.7', ['10.244.0.7']),
      Number(targetPort),
      'https',
    );
    expect(reachTargets(catalogue(metrics), choices)).toMatchObject({ services: [], pods: [] });
  });

  it.each([
    ['all pods have one number for', 8080, ['10.244.0.7:8080']],
    ['leads to a kubelet’s', 10250, []],
    ['nobody translates', undefined, []],
  ])('dial the port of pods that %s where it is a name', (_, endpointPort, pods) => {
    const orders = service('webshop', 'orders', '10.96.7.7', ['10.244.0.7']);
    const named = {
      ...orders,
      ports: orders.ports.map((port) => ({ ...port, targetPort: 'web', ...(endpointPort && { endpointPort }) })),
    };
    expect(reachTargets(catalogue(named), choices)).toMatchObject({ services: ['10.96.7.7:80'], pods });
  });

  it("take pods of every node first, the DNS's before programs of the user", () => {
    const orders = service('webshop', 'orders', '10.96.1.2', []);
    const spread = {
      ...orders,
      endpoints: [pod('10.244.0.5', 'one'), pod('10.244.0.6', 'one'), pod('10.244.1.5', 'two')],
    };
    const coreDns = { ...dns, endpoints: [pod('10.244.0.2', 'one')] };
    const { pods } = reachTargets(catalogue(coreDns, spread), choices);
    expect(pods).toEqual(['10.244.0.2:53', '10.244.1.5:8080', '10.244.0.5:8080', '10.244.0.6:8080']);
  });

  it.each([
    ['the agent’s node', 'one', ['10.244.1.5:8080', '10.244.9.5:8080'], ['10.244.0.5:8080', '10.244.0.6:8080']],
    ['a node without a ready pod', 'three', ['10.244.0.5:8080', '10.244.1.5:8080', '10.244.9.5:8080'], []],
    ['no node that is known', '', ['10.244.0.5:8080', '10.244.1.5:8080', '10.244.9.5:8080'], []],
  ])('tell pods of %s from others', (_, agentNode, others, local) => {
    const endpoints = [
      pod('10.244.0.5', 'one'),
      pod('10.244.1.5', 'two'),
      pod('10.244.3.5', 'three', false),
      pod('10.244.9.5', ''), // whoever made the slice named none
      pod('10.244.0.6', 'one'),
    ];
    const orders = { ...service('webshop', 'orders', '10.96.1.2', []), endpoints };
    const { pods, localPods = [] } = reachTargets(catalogue(orders), { ...choices, agentNode });
    expect(pods.slice(0, others.length)).toEqual(others);
    expect(localPods).toEqual(local);
  });

  it('have pods of the agent’s node alone where there is no other', () => {
    const orders = { ...service('webshop', 'orders', '10.96.1.2', []), endpoints: [pod('10.244.0.5', 'one')] };
    const targets = reachTargets(catalogue(orders), { ...choices, agentNode: 'one' });
    expect(targets).toMatchObject({ pods: [], localPods: ['10.244.0.5:8080'] });
  });

  it('are of both families, IPv4 first: the engine judges each by itself', () => {
    const six = service('webshop', 'six', 'fd00:10:96::7', ['fd00:10:244::7']);
    expect(reachTargets(catalogue(six), choices)).toMatchObject({
      services: ['[fd00:10:96::7]:80'],
      pods: ['[fd00:10:244::7]:8080'],
    });
    const dual = { ...six, addresses: ['fd00:10:96::8', '10.96.0.8'] };
    expect(reachTargets(catalogue(six, dual), choices)).toMatchObject({
      services: ['10.96.0.8:80', '[fd00:10:96::7]:80', '[fd00:10:96::8]:80'],
    });
  });

  it.each([
    ['not ready', { endpoints: [{ address: '10.244.0.7', ready: false, pod: 'a', node: 'n' }] }],
    ['outside', { type: 'ExternalName' as const, externalName: 'example.com' }],
    ['without a port of TCP', { ports: [] }],
  ])('leave out what is %s', (_, change) => {
    const one = { ...service('webshop', 'orders', '10.96.41.7', ['10.244.0.12']), ...change };
    expect(reachTargets(catalogue(one as Service), choices)).toMatchObject({ services: [], pods: [] });
  });

  it('are few, over many namespaces, and the same for the same catalogue', () => {
    const many = Array.from({ length: 200 }, (_, index) =>
      service(`n${index % 20}`, `s${index}`, `10.96.1.${index}`, [`10.244.1.${index}`]),
    );
    const targets = reachTargets(catalogue(...many), choices);
    expect(targets.services).toHaveLength(4);
    expect(new Set(targets.services).size).toBe(4);
    expect(reachTargets(catalogue(...many), choices)).toEqual(targets);
  });
});
