/** What is inside, by licence; a test compares it with the packages themselves. Go modules are those of native/go.mod. */
export interface Licence {
  readonly name: string;
  readonly packages: readonly string[];
  readonly modules?: readonly string[];
}

export const licences: readonly Licence[] = [
  {
    name: 'MIT',
    packages: [
      'electron',
      'react',
      'react-dom',
      'zustand',
      'radix-ui',
      '@tanstack/react-virtual',
      'cmdk',
      'uplot',
      'zod',
      'commander',
      'fflate',
      'get-nonce',
      'hpagent',
      'ipaddr.js',
      'socks-proxy-agent',
      'ws',
    ],
    modules: ['golang.zx2c4.com/wireguard'],
  },
  {
    name: 'Apache-2.0',
    packages: ['@kubernetes/client-node'],
    modules: [
      'github.com/google/nftables',
      'gvisor.dev/gvisor',
      'k8s.io/client-go',
      'k8s.io/api',
      'k8s.io/apimachinery',
      'k8s.io/streaming',
      'k8s.io/utils',
      'github.com/go-logr/logr',
      'github.com/moby/spdystream',
      'github.com/vishvananda/netlink',
    ],
  },
  {
    name: 'BSD-3-Clause',
    packages: ['react-intl'],
    modules: [
      'github.com/flynn/noise',
      'github.com/miekg/dns',
      'golang.org/x/crypto',
      'golang.org/x/net',
      'golang.org/x/sync',
      'golang.org/x/sys',
    ],
  },
  { name: 'BSD-2-Clause', packages: [], modules: ['github.com/godbus/dbus/v5', 'github.com/gorilla/websocket'] },
  { name: 'ISC', packages: ['lucide-react', 'yaml'] },
  { name: 'OFL-1.1', packages: ['@fontsource-variable/inter', '@fontsource-variable/jetbrains-mono'] },
];
