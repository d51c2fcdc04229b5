import path from 'node:path';
import { type AddressPlan, ofFamilies } from './address-plan.ts';
import { output } from './commands.ts';
import type { SandboxSettings } from './options.ts';
import type { SpaceProgram } from './space.ts';

/** Folders that the programs of the cluster are started with. */
export interface ClusterPaths {
  kubernetes: string;
  etcd: string;
  certificates: string;
  logs: string;
  /** etcd's data */
  data: string;
  auditPolicy: string;
  auditLog: string;
}

const day = 24 * 60 * 60;

/** Every certificate and key of the cluster, for programs/certificates. */
export function certificatePlan(settings: SandboxSettings, plan: AddressPlan, folder: string): object {
  const client = (name: string, commonName: string, ...organizations: string[]) => ({
    name,
    authority: 'ca',
    commonName,
    organizations,
    client: true,
  });
  const kubernetesNames = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  return {
    folder,
    authorities: [
      { name: 'ca', commonName: 'kubernetes-ca' },
      { name: 'etcd-ca', commonName: 'etcd-ca' },
      { name: 'front-proxy-ca', commonName: 'front-proxy-ca' },
    ],
    certificates: [
      {
        name: 'etcd',
        authority: 'etcd-ca',
        commonName: 'etcd',
        server: true,
        client: true,
        names: ['localhost'],
        addresses: ['127.0.0.1'],
      },
      { name: 'apiserver-etcd', authority: 'etcd-ca', commonName: 'apiserver-etcd', client: true },
      {
        name: 'apiserver',
        authority: 'ca',
        commonName: 'kube-apiserver',
        server: true,
        names: ['localhost', ...kubernetesNames, `kubernetes.default.svc.${settings.clusterDomain}`],
        addresses: ['127.0.0.1', plan.apiServer, plan.apiService, ...(plan.ipv6 ? ['::1', plan.ipv6.apiServer] : [])],
      },
      client('apiserver-kubelet', 'kube-apiserver-kubelet-client', 'system:masters'),
      { name: 'front-proxy', authority: 'front-proxy-ca', commonName: 'front-proxy-client', client: true },
      client('admin', 'admin', 'system:masters'),
      { ...client('expired', 'admin', 'system:masters'), validSeconds: -day },
      client('controller-manager', 'system:kube-controller-manager'),
      client('scheduler', 'system:kube-scheduler'),
      client('kube-proxy', 'system:kube-proxy'),
      ...plan.nodes.map((address, index) => ({
        ...client(`node${index + 1}`, `system:node:node${index + 1}`, 'system:nodes'),
        server: true,
        names: [`node${index + 1}`],
        addresses: [address, plan.ipv6?.nodes[index] ?? []].flat(),
      })),
    ],
    signingKeys: ['service-account'],
  };
}

/** Makes the certificates that are missing. */
export async function makeCertificates(program: string, request: object): Promise<void> {
  await output([program], { input: JSON.stringify(request) });
}

/** etcd, API server, controllers and scheduler. All talk to each other by 127.0.0.1 of their space. */
export function controlPlanePrograms(
  settings: SandboxSettings,
  plan: AddressPlan,
  paths: ClusterPaths,
  kubeconfig: (user: string) => string,
): SpaceProgram[] {
  const file = (name: string) => path.join(paths.certificates, name);
  const podRanges = ofFamilies(settings, settings.podRange, plan.ipv6?.podRange);
  const serviceRanges = ofFamilies(settings, settings.serviceRange, plan.ipv6?.serviceRange);
  const program = (name: string, binary: string, flags: Record<string, string>): SpaceProgram => ({
    name,
    arguments: [binary, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)],
    environment: ['PATH=/usr/bin:/bin', 'HOME=/root'],
    log: path.join(paths.logs, `${name}.log`),
  });
  const kubernetes = (name: string, flags: Record<string, string>) =>
    program(name, path.join(paths.kubernetes, name), flags);
  return [
    program('etcd', path.join(paths.etcd, 'etcd'), {
      name: 'control-plane',
      'data-dir': paths.data,
      'unsafe-no-fsync': 'true', // nothing here has to outlive the machine
      'log-level': 'warn',
      'listen-client-urls': 'https://127.0.0.1:2379',
      'advertise-client-urls': 'https://127.0.0.1:2379',
      'listen-peer-urls': 'http://127.0.0.1:2380',
      'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
      'initial-cluster': 'control-plane=http://127.0.0.1:2380',
      'cert-file': file('etcd.crt'),
      'key-file': file('etcd.key'),
      'client-cert-auth': 'true',
      'trusted-ca-file': file('etcd-ca.crt'),
    }),
    kubernetes('kube-apiserver', {
      'advertise-address': (settings.ipv6Only && plan.ipv6?.apiServer) || plan.apiServer,
      'bind-address': plan.ipv6 ? '::' : '0.0.0.0',
      'secure-port': '6443',
      'etcd-servers': 'https://127.0.0.1:2379',
      'etcd-cafile': file('etcd-ca.crt'),
      'etcd-certfile': file('apiserver-etcd.crt'),
      'etcd-keyfile': file('apiserver-etcd.key'),
      'client-ca-file': file('ca.crt'),
      'tls-cert-file': file('apiserver.crt'),
      'tls-private-key-file': file('apiserver.key'),
      'kubelet-client-certificate': file('apiserver-kubelet.crt'),
      'kubelet-client-key': file('apiserver-kubelet.key'),
      'kubelet-certificate-authority': file('ca.crt'),
      'kubelet-preferred-address-types': 'InternalIP,Hostname',
      'requestheader-client-ca-file': file('front-proxy-ca.crt'),
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-username-headers': 'X-Remote-User',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'proxy-client-cert-file': file('front-proxy.crt'),
      'proxy-client-key-file': file('front-proxy.key'),
      'enable-aggregator-routing': 'true', // it dials pods itself, so its space needs no kube-proxy
      'service-account-issuer': `https://kubernetes.default.svc.${settings.clusterDomain}`,
      'service-account-key-file': file('service-account.pub'),
      'service-account-signing-key-file': file('service-account.key'),
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'allow-privileged': 'true',
      'audit-policy-file': paths.auditPolicy,
      'audit-log-path': paths.auditLog,
      'service-cluster-ip-range': serviceRanges,
      profiling: 'false',
    }),
    kubernetes('kube-controller-manager', {
      ...own(kubeconfig('controller-manager')),
      'use-service-account-credentials': 'true',
      'service-account-private-key-file': file('service-account.key'),
      'root-ca-file': file('ca.crt'),
      'cluster-signing-cert-file': file('ca.crt'),
      'cluster-signing-key-file': file('ca.key'),
      'requestheader-client-ca-file': file('front-proxy-ca.crt'),
      'allocate-node-cidrs': 'true',
      'cluster-cidr': podRanges,
      'service-cluster-ip-range': serviceRanges,
    }),
    kubernetes('kube-scheduler', own(kubeconfig('scheduler'))),
  ];
}

function own(kubeconfig: string): Record<string, string> {
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'leader-elect': 'false',
    profiling: 'false',
  };
}
