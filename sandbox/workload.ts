import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AddressPlan } from './address-plan.ts';
import { imageNames } from './images.ts';
import type { SandboxSettings } from './options.ts';

const manifestFolder = path.join(import.meta.dirname, 'manifests');

/** How the names of those manifests end that a cluster with one address family would refuse. */
const dualStackEnding = '-dual-stack.yaml';

/** The manifests of a sandbox with these settings, as one YAML stream. */
export async function readManifests(settings: SandboxSettings, plan: AddressPlan): Promise<string> {
  const isMeant = (name: string) => name.endsWith('.yaml') && (settings.dualStack || !name.endsWith(dualStackEnding));
  const names = (await readdir(manifestFolder)).filter(isMeant).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(manifestFolder, name), 'utf8')));
  return fillIn(texts.join('\n---\n'), {
    clusterDomain: settings.clusterDomain,
    dnsService: plan.dnsService,
    officeWeb: plan.outside['intranet.office.test'] ?? plan.gateway,
    workloadImage: imageNames.workload,
    corednsImage: imageNames.coredns,
    podIdentity: podIdentity(),
  });
}

/** The environment that tells a pod's program who it is, in YAML's flow form. */
function podIdentity(): string {
  const fields = {
    POD_NAME: 'metadata.name',
    POD_NAMESPACE: 'metadata.namespace',
    POD_IP: 'status.podIP',
    NODE_NAME: 'spec.nodeName',
  };
  return JSON.stringify(
    Object.entries(fields).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
  );
}

/** Puts values in place of `${name}`. Throws on a name without a value, so that no placeholder reaches the cluster. */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`a manifest asks for ${name}, which nobody knows`);
    return value;
  });
}
