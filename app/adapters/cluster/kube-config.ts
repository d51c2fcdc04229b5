/**
 * client-node's picture of one cluster: what was resolved and confirmed, and no more. It is never loaded from a file or the
 * environment, and holds no credentials: those come from our own port, after trust, with each session (api-session.ts).
 */
import { KubeConfig } from '@kubernetes/client-node';
import type { ClusterAddress } from '../../core/engine-messages.ts';

export function kubeConfigOf(address: ClusterAddress): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [
      {
        name: 'cluster',
        server: address.server.replace(/\/+$/, ''),
        skipTLSVerify: address.insecureSkipTlsVerify === true,
        ...(address.tlsServerName === undefined ? {} : { tlsServerName: address.tlsServerName }),
        ...(address.certificateAuthority === undefined
          ? {}
          : { caData: Buffer.from(address.certificateAuthority).toString('base64') }),
      },
    ],
    users: [{ name: 'user' }],
    contexts: [{ name: 'context', cluster: 'cluster', user: 'user' }],
    currentContext: 'context',
  });
  return config;
}
