/** A Service as a test or a scene needs one. */
import type { Service } from '../contract/index.ts';

/** A ClusterIP Service with one port and ready endpoints. */
export function service(namespace: string, name: string, address: string, endpoints: readonly string[]): Service {
  return {
    namespace,
    name,
    type: 'ClusterIP',
    addresses: [address],
    headless: false,
    externalName: '',
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: '8080', nodePort: null, application: 'http' }],
    endpoints: endpoints.map((endpoint, index) => ({
      address: endpoint,
      ready: true,
      pod: `${name}-${index}`,
      node: `node-${index}`,
    })),
    labels: { app: name },
    createdAt: 0,
  };
}
