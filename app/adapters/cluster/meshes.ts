/** Which service mesh takes a pod's connections before the pod does: by its sidecar, or by what the mesh writes on the pod. */
import type { PodObject } from './pod-schema.ts';

/** Names that the meshes' injectors give to their container. */
const sidecars: ReadonlyMap<string, string> = new Map([
  ['istio-proxy', 'Istio'],
  ['linkerd-proxy', 'Linkerd'],
  ['kuma-sidecar', 'Kuma'],
  ['consul-dataplane', 'Consul'],
]);

/** Empty: none that is known. A gateway of Istio's is called as its sidecar and speaks for itself. */
export function meshOf({ metadata: { labels, annotations }, spec }: PodObject): string {
  const isGateway = labels['gateway.networking.k8s.io/gateway-name'] !== undefined || labels.istio?.endsWith('gateway');
  if (isGateway) {
    return '';
  }
  for (const { name } of [...spec.initContainers, ...spec.containers]) {
    const mesh = sidecars.get(name);
    if (mesh !== undefined) {
      return mesh;
    }
  }
  const isAmbient =
    labels['istio.io/dataplane-mode'] === 'ambient' || annotations?.['ambient.istio.io/redirection'] === 'enabled';
  return isAmbient ? 'Istio' : '';
}
