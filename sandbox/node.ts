import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { type AddressPlan, nodeLocalAddress, ofFamilies } from './address-plan.ts';
import { imageNames } from './images.ts';
import type { SandboxSettings } from './options.ts';
import type { SpaceDefinition, SpaceProgram, Step } from './space.ts';

/** What a node is made of; folders are absolute. */
export interface NodePaths {
  /** kubelet's, containerd's and CNI's files of this node */
  node: string;
  logs: string;
  certificates: string;
  kubernetes: string;
  coredns: string;
  /** The unpacked packages that the node's file tree is made of. */
  packages: string;
  /** The folder of that tree with its iptables. */
  packetFilter: string;
  /** Folders of the machine that it sees: all that the other paths are in. */
  shown: readonly string[];
}

/**
 * Kernel settings of the whole machine that kubelet would change: it reads instead what it
 * wants to find, from files of the node's own, and leaves the machine alone
 * (setupKernelTunables in kubelet's container manager).
 */
const kernelTunables = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

/** The node's namespaces and file tree: Debian's, whatever this machine is. */
export function nodeDefinition(cgroup: string, hasIPv6: boolean, paths: NodePaths): SpaceDefinition {
  const own = (name: string, target: string): Step => ({
    mount: { type: 'bind', source: path.join(paths.node, name), target },
  });
  return {
    processNamespace: true,
    root: { tree: path.join(paths.packages, 'root'), shown: paths.shown },
    cgroup,
    // kubelet wants the daemons of a node in one cgroup of every hierarchy, beside the pods'.
    daemonCgroup: `${cgroup}/sys`,
    sharedPropagation: true,
    settings: { 'net/ipv4/ip_forward': '1', ...(hasIPv6 ? { 'net/ipv6/conf/all/forwarding': '1' } : {}) },
    steps: [
      { mount: { type: 'tmpfs', source: 'tmpfs', target: '/tmp', options: 'mode=1777' } },
      { mount: { type: 'tmpfs', source: 'tmpfs', target: '/var/lib', options: 'mode=755' } },
      { file: { path: '/etc/passwd', text: 'root:x:0:0:root:/root:/bin/sh\n' } },
      { file: { path: '/etc/group', text: 'root:x:0:\n' } },
      { file: { path: '/etc/hosts', text: '127.0.0.1\tlocalhost\n::1\tlocalhost\n' } },
      { file: { path: '/etc/machine-id', text: `${randomUUID().replaceAll('-', '')}\n` } },
      { link: { path: '/etc/resolv.conf', target: path.join(paths.node, 'resolv.conf') } },
      own('kubelet', '/var/lib/kubelet'),
      own('containerd', '/var/lib/containerd'),
      own('log', '/var/log'),
      ...Object.entries(kernelTunables).flatMap(([name, text]): Step[] => {
        const file = `/run/kernel-tunables/${name}`;
        return [
          { file: { path: file, text: `${text}\n` } },
          { mount: { type: 'bind', source: file, target: `/proc/sys/${name}` } },
        ];
      }),
    ],
  };
}

/** Writes the configuration files of the node's programs. */
export async function writeNodeFiles(
  index: number,
  cgroup: string,
  settings: SandboxSettings,
  plan: AddressPlan,
  paths: NodePaths,
  kubeProxyKubeconfig: string,
): Promise<void> {
  for (const folder of ['kubelet', 'containerd', 'log', 'cni']) {
    await mkdir(path.join(paths.node, folder), { recursive: true });
  }
  const write = (name: string, text: string) => writeFile(path.join(paths.node, name), text);
  const certificate = path.join(paths.certificates, `node${index}`);
  await write('containerd.toml', containerdConfiguration(paths));
  // What pods with dnsPolicy Default and CoreDNS itself see: nothing of the outside.
  await write('resolv.conf', `nameserver ${plan.dnsService}\n`);
  await write(
    'kubelet.yaml',
    stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: path.join(paths.certificates, 'ca.crt') },
      },
      authorization: { mode: 'Webhook' },
      tlsCertFile: `${certificate}.crt`,
      tlsPrivateKeyFile: `${certificate}.key`,
      containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
      ...(settings.ipv6Only ? { address: '::' } : {}),
      clusterDomain: settings.clusterDomain,
      clusterDNS: [plan.podResolver],
      resolvConf: path.join(paths.node, 'resolv.conf'),
      cgroupDriver: 'cgroupfs',
      cgroupRoot: cgroup,
      failCgroupV1: false,
      failSwapOn: false,
      // The images cannot be pulled again, so a full disk must not make kubelet remove them.
      imageGCHighThresholdPercent: 100,
      evictionHard: {
        'memory.available': '50Mi',
        'nodefs.available': '1%',
        'imagefs.available': '1%',
        'nodefs.inodesFree': '0%',
        'imagefs.inodesFree': '0%',
      },
      serializeImagePulls: false,
      nodeStatusUpdateFrequency: '5s',
      syncFrequency: '10s',
    }),
  );
  await write(
    'kube-proxy.yaml',
    stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: settings.proxyMode,
      hostnameOverride: `node${index}`,
      clientConnection: { kubeconfig: kubeProxyKubeconfig },
      clusterCIDR: ofFamilies(settings, settings.podRange, plan.ipv6?.podRange),
      ...(settings.ipv6Only ? { bindAddress: '::' } : {}),
      // These belong to the machine and may not be written in another network namespace.
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
      iptables: { minSyncPeriod: '0s' },
      nftables: { minSyncPeriod: '0s' },
    }),
  );
  if (settings.nodeLocalDns) await write('Corefile', nodeLocalCorefile(settings.clusterDomain, plan.dnsService));
}

function containerdConfiguration(paths: NodePaths): string {
  const plugin = '[plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [${[
    'snapshotter.v1.btrfs',
    'snapshotter.v1.zfs',
    'snapshotter.v1.aufs',
    'snapshotter.v1.devmapper',
    'internal.v1.tracing',
  ]
    .map((name) => `"io.containerd.${name}"`)
    .join(', ')}]
[grpc]
  address = "/run/containerd/containerd.sock"
${plugin}]
  sandbox_image = "${imageNames.pause}"
  disable_apparmor = true
  # Root of a container or a small virtual machine often lacks CAP_SYS_RESOURCE and may not lower oom_score_adj.
  restrict_oom_score_adj = true
${plugin}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${path.join(paths.node, 'cni')}"
${plugin}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
${plugin}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
${plugin}.containerd.runtimes.runc.options]
  SystemdCgroup = false
  BinaryName = "/usr/sbin/runc"
`;
}

/** As NodeLocal DNSCache does: the cluster's names over TCP to the cluster's DNS, kept for a moment. */
function nodeLocalCorefile(clusterDomain: string, dnsService: string): string {
  return `${clusterDomain}:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    bind ${nodeLocalAddress}
    cache 5
    forward . ${dnsService} {
        force_tcp
    }
}
.:53 {
    errors
    bind ${nodeLocalAddress}
    template ANY ANY {
        rcode NXDOMAIN
    }
}
`;
}

/** The container runtime; the images have to be in it before kubelet starts. */
export function runtimeProgram(index: number, paths: NodePaths): SpaceProgram {
  return program(index, paths, 'containerd', [
    '/usr/bin/containerd',
    '-c',
    path.join(paths.node, 'containerd.toml'),
    '-l',
    'warn',
  ]);
}

/** kubelet, kube-proxy and, where asked for, the node's own DNS cache. */
export function nodePrograms(
  index: number,
  settings: SandboxSettings,
  plan: AddressPlan,
  paths: NodePaths,
  kubeconfig: string,
): SpaceProgram[] {
  const binary = (name: string) => path.join(paths.kubernetes, name);
  const programs = [
    program(index, paths, 'kubelet', [
      binary('kubelet'),
      `--config=${path.join(paths.node, 'kubelet.yaml')}`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=node${index}`,
      `--node-ip=${ofFamilies(settings, plan.nodes[index - 1] ?? '', plan.ipv6?.nodes[index - 1])}`,
      '--v=1',
    ]),
    program(index, paths, 'kube-proxy', [
      binary('kube-proxy'),
      `--config=${path.join(paths.node, 'kube-proxy.yaml')}`,
      '--v=1',
    ]),
  ];
  if (settings.nodeLocalDns) {
    programs.push(
      program(index, paths, 'node-local-dns', [
        path.join(paths.coredns, 'coredns'),
        '-conf',
        path.join(paths.node, 'Corefile'),
      ]),
    );
  }
  return programs;
}

function program(index: number, paths: NodePaths, name: string, argumentList: readonly string[]): SpaceProgram {
  return {
    name,
    arguments: argumentList,
    environment: nodeEnvironment(paths),
    log: path.join(paths.logs, `node${index}-${name}.log`),
  };
}

export function nodeEnvironment(paths: NodePaths): string[] {
  return [`PATH=${paths.packetFilter}:/usr/sbin:/usr/bin`, 'HOME=/root'];
}

/** Pod network of a node: a veth pair and a route each (CNI's ptp), which needs no bridge and no br_netfilter. */
export async function writePodNetwork(paths: NodePaths, podRanges: readonly string[]): Promise<void> {
  const configuration = {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'ptp',
        mtu: 1500,
        ipMasq: false,
        ipam: {
          type: 'host-local',
          dataDir: '/run/cni-addresses',
          ranges: podRanges.map((subnet) => [{ subnet }]),
          routes: podRanges.map((range) => ({ dst: range.includes(':') ? '::/0' : '0.0.0.0/0' })),
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
  const file = path.join(paths.node, 'cni', '10-pods.conflist');
  await writeFile(`${file}.new`, JSON.stringify(configuration));
  await rename(`${file}.new`, file);
}

/** Pods reach the outside as their node; `-C` asks first, so that it is there once. */
export function masqueradeScript(podRange: string): string {
  const program = podRange.includes(':') ? 'ip6tables' : 'iptables';
  const rule = `POSTROUTING -s ${podRange} ! -d ${podRange} -m comment --comment "pods to outside" -j MASQUERADE`;
  return `${program} -w -t nat -C ${rule} 2>/dev/null || ${program} -w -t nat -A ${rule}`;
}
