/** Scenes of a laptop whose own networks lie in the cluster's ranges. */
import type { Clock } from '../core/ports.ts';
import type { World } from './world.ts';

const reasons = [
  ...[
    'malformed',
    'default-route',
    'too-wide',
    'loopback',
    'link-local',
    'multicast',
    'reserved',
    'metadata',
    'public',
  ],
  ...['ipv6', 'own-subnet', 'gateway', 'resolver', 'protected', 'neighbour', 'other-cluster', 'other-route', 'own-way'],
  'too-many',
];

/** Each with a name that it is the reason of, and what that collides with. */
const nameReasons: Readonly<Record<string, readonly [string, string]>> = {
  malformed: ['-shop', ''],
  'public-suffix': ['dev', 'dev'],
  registrable: ['prod.example.com', 'com'],
  'special-use': ['test', 'test'],
  'name-collision': ['corp', 'corp'],
  'laptop-domain': ['office.example.net', 'office.example.net'],
  reverse: ['8.8.8.in-addr.arpa', ''],
  namespace: ['payments', ''],
  'too-many': ['and-more', ''],
};

export const networkScenarios = {
  /** The laptop has no place for the range of Services; pods are reached. */
  conflict: ({ host }) => {
    host.refusals = { '10.96.0.0/16': 'too-many' };
  },
  /** The laptop has no place for any range. */
  'conflict-all': ({ host, cluster }) => {
    host.refusals = Object.fromEntries(cluster.ranges.map(({ prefix }) => [prefix, 'too-many']));
  },
  /** A VPN has all of 10.0.0.0/8, and a bridge of this laptop lies among the Services. */
  narrowed: ({ host }) => {
    host.networks = [
      ...host.networks,
      { prefix: '10.0.0.0/8', interface: 'tun0', isRoute: true },
      { prefix: '10.96.4.0/24', interface: 'docker0' },
    ];
  },
  /** A bridge of this laptop lies among the Services. */
  cut: ({ host }) => {
    host.networks = [...host.networks, { prefix: '10.96.4.0/24', interface: 'docker0' }];
  },
  /** The range of Services is the office's, that of a node's pods a bridge's, and pods of others have addresses of class E. */
  mapped: ({ host, cluster }) => {
    host.networks = [
      ...host.networks,
      { prefix: '10.96.0.0/12', interface: 'wlan0' },
      { prefix: '10.244.0.0/24', interface: 'docker0' },
    ];
    cluster.ranges = [...cluster.ranges, { prefix: '240.8.0.0/13', kind: 'pods', origin: 'node-pod-cidr' }];
  },
  /** Services have addresses of both families, and pods public ones of IPv6, as on EKS. */
  'dual-stack': ({ cluster }) => {
    cluster.ranges = [
      ...cluster.ranges,
      { prefix: 'fd00:10:96::/112', kind: 'services', origin: 'service-cidr' },
      { prefix: '2600:1f18:42::/56', kind: 'pods', origin: 'node-pod-cidr' },
    ];
  },
  /** This computer is a node of the cluster. */
  'own-node': ({ cluster }) => {
    cluster.ranges = cluster.ranges.map((range) => ({ ...range, isHere: true }));
  },
  /** The laptop has a route to the pods by a node, and one to a node's pods of a wider range. */
  'own-way': ({ host, cluster }) => {
    const way = { interface: 'br-kind', isRoute: true, by: '172.18.0.2' } as const;
    host.networks = [
      ...host.networks,
      { prefix: '172.18.0.0/16', interface: 'br-kind' },
      { prefix: '10.244.0.0/24', ...way },
      { prefix: '10.244.1.64/26', ...way },
    ];
    cluster.ranges = cluster.ranges.map((range) => ({ ...range, nodes: ['172.18.0.2'] }));
  },
  /** A cluster's word on ranges that no laptop routes, and ranges that this one needs for itself: each reason that there is. */
  'every-reason': ({ host, cluster }) => {
    const refused = reasons.map((reason, index) => [`10.${100 + index}.0.0/16`, reason] as const);
    host.refusals = Object.fromEntries(refused);
    cluster.ranges = [
      ...cluster.ranges,
      ...refused.map(([prefix]) => ({ prefix, kind: 'pods', origin: 'calico-pool' }) as const),
    ];
    host.nameRefusals = Object.entries(nameReasons).map(([reason, [name, conflict]]) => ({
      ...{ name, reason, conflict, grantable: false },
    }));
  },
  /** A VPN leads everything into a table of its own, as tailscale's exit node does. */
  overruled: ({ host }) => {
    host.rule = { text: '5270: from all lookup 52', interface: 'tailscale0' };
  },
  /** Docker is here, and systemd-resolved. */
  docker: ({ host }) => {
    host.links = ['docker0'];
    host.resolverMode = 'resolved';
  },
  /** The laptop has no place for a range that the user added; the rest works. */
  'conflict-extra': ({ host, store }) => {
    host.refusals = { '172.20.0.0/16': 'too-many' };
    store.kept = { ...store.kept, settings: { ...store.kept.settings, extraRanges: ['172.20.0.0/16'] } };
  },
  /** The laptop goes to an office whose network lies inside the pods' range, and leaves it again, over and over. */
  roaming: ({ host }, clock) => {
    const home = host.networks;
    const office = [...home, { prefix: '10.244.0.0/23', interface: 'wlan0' }];
    const move = (isAtHome: boolean) =>
      clock.after(10_000, () => {
        host.moveTo(isAtHome ? office : home);
        move(!isAtHome);
      });
    move(true);
  },
} as const satisfies Record<string, (world: World, clock: Clock) => void>;
