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
      '@tanstack/react-table',
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
  },
  { name: 'Apache-2.0', packages: [], modules: ['k8s.io/client-go', 'gvisor.dev/gvisor'] },
  { name: 'BSD-3-Clause', packages: ['react-intl'] },
  { name: 'BSD-2-Clause', packages: [], modules: ['github.com/gorilla/websocket'] },
  { name: 'ISC', packages: ['lucide-react', 'yaml'] },
  { name: 'OFL-1.1', packages: ['@fontsource-variable/inter', '@fontsource-variable/jetbrains-mono'] },
];
