import { describe, expect, it } from 'vitest';
import type { Service } from '../../contract/index.ts';
import type { Catalogue } from '../ports.ts';
import { reachTargets } from './reach-targets.ts';

const chosen = { homeNamespace: 'webshop', clusterDomain: 'cluster.local' };

function service(namespace: string, name: string, address: string, port: number, pod: string, node: string): Service {
  return {
    namespace,
    name,
    type: 'ClusterIP',
    addresses: [address],
    ports: [{ name: '', protocol: 'TCP', port, targetPort: String(port) }],
    endpoints: pod === '' ? [] : [{ address: pod, ready: true, pod: `${name}-1`, node }],
  } as unknown as Service;
}

const targets = (...services: Service[]) =>
  reachTargets({ namespaces: [], problems: [], services: [...services] } as unknown as Catalogue, chosen);

describe('reachTargets', () => {
  it("dials the cluster's DNS before programs of the user", () => {
    const { name, pods } = targets(
      service('webshop', 'orders', '10.96.1.1', 80, '10.244.0.5', 'one'),
      service('kube-system', 'kube-dns', '10.96.0.10', 53, '10.244.0.9', 'one'),
    );
    expect(name).toBe('kubernetes.default.svc.cluster.local');
    expect(pods).toEqual(['10.244.0.9:53', '10.244.0.5:80']);
  });

  it.each([3306, 33_060, 10_250, 10_255])('never dials port %i', (port) => {
    const { services, pods } = targets(service('webshop', 'some', '10.96.1.1', port, '10.244.0.5', 'one'));
    expect([...services, ...pods]).toEqual([]);
  });

  it('takes only what has ready endpoints, and pods of every node first', () => {
    const { services, pods } = targets(
      service('webshop', 'empty', '10.96.1.1', 80, '', ''),
      service('webshop', 'one', '10.96.1.2', 80, '10.244.0.5', 'one'),
      service('webshop', 'two', '10.96.1.3', 80, '10.244.0.6', 'one'),
      service('webshop', 'three', '10.96.1.4', 80, '10.244.1.5', 'two'),
    );
    expect(services).not.toContain('10.96.1.1:80');
    expect(pods).toEqual(['10.244.0.5:80', '10.244.1.5:80', '10.244.0.6:80']);
  });

  it('has the name even where nothing may be listed', () => {
    expect(reachTargets(null, chosen)).toEqual({
      name: 'kubernetes.default.svc.cluster.local',
      services: [],
      pods: [],
    });
  });
});
