/** What the sandbox's workload offers, by what the tests need it for (sandbox/manifests). */
const http = {
  namespace: 'webshop',
  service: 'orders',
  selector: 'app=orders',
  podPort: 8080,
  fullName: 'orders.webshop.svc.cluster.local',
  /** Every form that must resolve while `webshop` is the home namespace. */
  names: ['orders', 'orders.webshop', 'orders.webshop.svc', 'orders.webshop.svc.cluster.local'],
} as const;

export const workload = {
  baseImage: 'sandbox.local/base:1',
  http,
  echo: { name: 'echo.infra', namespace: 'infra', service: 'echo', port: 7000 },
  grpc: { name: 'inventory.infra', port: 9000 },
  blob: { name: 'catalog-images.webshop', port: 80 },
  headless: { namespace: 'webshop', service: 'ledger', selector: 'app=ledger' },
  multiPort: { namespace: 'webshop', service: 'storefront', portName: 'figures', port: 9090 },
  external: { fullName: 'payment-provider.webshop.svc.cluster.local', target: 'www.example.test' },
  noEndpoint: { namespace: 'webshop', service: 'checkout', port: 80 },
  scalable: { namespace: 'dev', service: 'api', deployment: 'api' },
  withoutSelector: { name: 'warehouse.infra', port: 80 },
  outside: { 'www.example.test': '203.0.113.10', 'x.dev': '203.0.113.20' },
} as const;
