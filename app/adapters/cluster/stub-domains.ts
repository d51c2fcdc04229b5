/**
 * Domains that the cluster's own nameservers know besides the cluster's: stub domains of its CoreDNS or kube-dns. They are only
 * offered (ADR 21), so what may not be read, is not there or makes no sense is left out without a word.
 */
import { z } from 'zod';
import { type Result, success, wordForms } from '../../contract/index.ts';
import type { ApiConnection } from './api-connection.ts';
import { pathOf } from './api-objects.ts';
import { domainsOfCorefile } from './corefile.ts';

/** Where distributions keep what their nameservers read: kubeadm and most; AKS, DigitalOcean and K3s for additions; RKE2; OpenShift. */
const places: readonly (readonly [namespace: string, name: string])[] = [
  ['kube-system', 'coredns'],
  ['kube-system', 'coredns-custom'],
  ['kube-system', 'node-local-dns'],
  ['kube-system', 'kube-dns'],
  ['kube-system', 'rke2-coredns-rke2-coredns'],
  ['openshift-dns', 'dns-default'],
];

/** Nobody reads a longer list; a cluster may hold any. */
const mostDomains = 20;

const configMap = z.object({ data: z.record(z.string(), z.string()).nullish() });
const stubDomains = z.record(z.string(), z.unknown());

/** In the alphabet's order, none at, above or below the cluster's own domain. */
export async function findStubDomains(connection: ApiConnection, clusterDomain: string): Promise<Result<string[]>> {
  const texts = await Promise.all(
    places.map(async ([namespace, name]) => {
      const attempt = await connection.attempt(() => connection.get<unknown>(pathOf('configmaps', namespace, name)));
      const parsed = configMap.safeParse(attempt.ok ? attempt.value : null);
      return parsed.success ? domainsOf(parsed.data.data ?? {}) : [];
    }),
  );
  const own = ['cluster.local', clusterDomain].filter((domain) => domain !== '');
  const isOwn = (domain: string) =>
    own.some((one) => domain === one || domain.endsWith(`.${one}`) || one.endsWith(`.${domain}`));
  const found = texts
    .flat()
    .filter((domain) => domain.length <= 253 && wordForms.domain.test(domain) && !isOwn(domain));
  return success([...new Set(found)].sort().slice(0, mostDomains));
}

/** `Corefile`; `*.server` are blocks that it imports, `*.override` lines for the block of everything else; `stubDomains` is kube-dns's. */
function domainsOf(data: Readonly<Record<string, string>>): string[] {
  return Object.entries(data)
    .slice(0, mostDomains)
    .flatMap(([name, text]) => {
      if (name === 'Corefile' || name.endsWith('.server')) {
        return domainsOfCorefile(text);
      }
      if (name.endsWith('.override')) {
        return domainsOfCorefile(`. {\n${text}\n}`);
      }
      return name === 'stubDomains' ? domainsOfKubeDns(text) : [];
    });
}

function domainsOfKubeDns(text: string): string[] {
  try {
    const parsed = stubDomains.safeParse(JSON.parse(text));
    return parsed.success ? Object.keys(parsed.data).map((domain) => domain.toLowerCase().replace(/\.$/, '')) : [];
  } catch {
    return []; // nor does kube-dns read it
  }
}
