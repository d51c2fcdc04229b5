/** What a port speaks, as far as the Service says: by appProtocol, else by the port's name, else by its number. */
import type { ServicePort } from '../../app/contract/index.ts';

export type PortKind = 'http' | 'https' | 'grpc' | 'postgres' | 'redis' | 'other';

/** A map, for a port may be called `constructor`. */
const kinds = (record: Readonly<Record<string, PortKind>>) => new Map(Object.entries(record));

/** Well-known and RFC 6335 values of appProtocol, and the `kubernetes.io/` ones of KEP-3726. */
const byApplication = kinds({
  http: 'http',
  http2: 'http',
  'kubernetes.io/ws': 'http',
  https: 'https',
  'kubernetes.io/wss': 'https',
  grpc: 'grpc',
  'grpc-web': 'http',
  postgres: 'postgres',
  postgresql: 'postgres',
  redis: 'redis',
});

/** First part of a port's name ("http-metrics" is http), as meshes read it too. */
const byName = kinds({
  http: 'http',
  http2: 'http',
  web: 'http',
  ui: 'http',
  https: 'https',
  grpc: 'grpc',
  postgres: 'postgres',
  postgresql: 'postgres',
  pgsql: 'postgres',
  pg: 'postgres',
  redis: 'redis',
});

const byNumber: Readonly<Record<number, PortKind>> = {
  80: 'http',
  8000: 'http',
  8080: 'http',
  443: 'https',
  8443: 'https',
  5432: 'postgres',
  6379: 'redis',
  50051: 'grpc',
};

export function kindOfPort({ application, name, port, protocol }: ServicePort): PortKind {
  if (protocol !== 'TCP' && protocol !== '') {
    return 'other';
  }
  if (application !== '') {
    const told = byApplication.get(application.toLowerCase());
    if (told !== undefined) {
      return told;
    }
  }
  const first = name.toLowerCase().split('-')[0] ?? '';
  // A name that means something else (metrics, amqp) is believed before the number is.
  return (
    byName.get(first) ??
    (name === '' || /^(tcp|port|default|main|server)/.test(first) ? byNumber[port] : undefined) ??
    'other'
  );
}
