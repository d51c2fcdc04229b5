/** Names as the engine and the helper would put them in force on a fake laptop, with their policy as far as it matters to the core. */
import type { NamesInForce } from '../core/engine-messages.ts';
import type { FakeHost } from './host.ts';

export interface NamesAsked {
  readonly domain: string;
  readonly home: string;
  readonly granted: string;
  readonly extra: readonly string[];
  readonly asked: boolean;
}

export function namesInForce(host: FakeHost, { domain, home, granted, extra, asked }: NamesAsked): NamesInForce {
  const isNamed = host.names.length > 0;
  // A domain that somebody may own takes the user's word.
  const conflict = /\.(com|net|org)$/.exec(domain)?.[1] ?? '';
  const isWhole = conflict === '' || granted === domain;
  const unset = { problem: { code: 'resolver-unset', cause: 'resolv.conf cannot be written' } };
  return {
    mode: isNamed ? host.resolverMode : 'off',
    resolver: '198.18.0.3',
    domains: isNamed ? [...(isWhole ? [domain] : [`svc.${domain}`, `pod.${domain}`]), ...extra, 'svc', 'pod'] : [],
    search: isNamed ? searchOf(home, domain).filter((name) => isWhole || name !== domain) : [],
    upstreams: host.upstreams,
    refused: isNamed && !isWhole ? [{ name: domain, reason: 'registrable', conflict, grantable: true }] : [],
    ...(isNamed || !asked ? {} : unset),
  };
}

export function searchOf(homeNamespace: string, domain: string): string[] {
  return [`${homeNamespace}.svc.${domain}`, `svc.${domain}`, domain];
}
