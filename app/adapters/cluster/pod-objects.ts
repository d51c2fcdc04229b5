/**
 * Pods of the Kubernetes API as the list of pods shows them. What comes from a cluster is checked field by field; a pod
 * that is malformed is left out.
 */
import type { Container, Pod } from '../../contract/index.ts';
import { meshOf } from './meshes.ts';
import { type ContainerStatus, endWord, isSidecar, most, type PodObject, podObject } from './pod-schema.ts';
import { statusOf } from './pod-status.ts';
import { addressesIn } from './prefixes.ts';

/** The pod; null where the object is malformed. */
export function podOf(object: unknown): Pod | null {
  const parsed = podObject.safeParse(object);
  if (!parsed.success) {
    return null;
  }
  const { metadata: meta, spec, status } = parsed.data;
  const addresses = addressesIn([status.podIP, ...status.podIPs.map(({ ip }) => ip)]);
  const mesh = meshOf(parsed.data);
  return {
    namespace: meta.namespace,
    name: meta.name,
    addresses: [...new Set(addresses)],
    hostNetwork: spec.hostNetwork,
    node: spec.nodeName,
    ...statusOf(parsed.data),
    containers: containersOf(parsed.data),
    owner: ownerOf(parsed.data),
    hostname: spec.hostname,
    subdomain: spec.subdomain,
    labels: Object.fromEntries(Object.entries(meta.labels).slice(0, most)),
    ...(mesh === '' ? {} : { mesh }),
    createdAt: meta.creationTimestamp,
  };
}

/** What a pod is made of in its order: init containers and sidecars first. */
function containersOf({ spec, status }: PodObject): Container[] {
  const statuses = new Map(
    [...status.initContainerStatuses, ...status.containerStatuses].map((one) => [one.name, one]),
  );
  const describe = (kind: Container['kind'], one: (typeof spec.containers)[number]): Container => {
    const said = statuses.get(one.name);
    return {
      name: one.name,
      image: one.image.slice(0, 512),
      kind,
      ready: said?.ready === true,
      state: said === undefined ? '' : stateWord(said),
      restarts: said?.restartCount ?? 0,
      ports: one.ports.map(({ name, containerPort, protocol }) => ({
        name,
        port: containerPort,
        protocol: protocol || 'TCP',
      })),
    };
  };
  return [
    ...spec.initContainers.map((one) => describe(isSidecar(one) ? 'sidecar' : 'init', one)),
    ...spec.containers.map((one) => describe('app', one)),
  ];
}

function stateWord({ state: now }: ContainerStatus): string {
  if (now?.running) {
    return 'Running';
  }
  if (now?.terminated) {
    return endWord(now.terminated);
  }
  return now?.waiting?.reason ?? '';
}

/**
 * A Deployment calls its ReplicaSets after itself and the hash that is a label of their pods (pod-template-hash): where
 * that fits, the Deployment can be told without asking for the ReplicaSet.
 */
function ownerOf({ metadata: { ownerReferences, labels } }: PodObject): Pod['owner'] {
  const controller = ownerReferences.find((one) => one.controller);
  if (controller === undefined) {
    return null;
  }
  const { kind, name } = controller;
  const hash = labels['pod-template-hash'] ?? '';
  const isOfDeployment = kind === 'ReplicaSet' && hash !== '' && name.endsWith(`-${hash}`);
  return isOfDeployment ? { kind: 'Deployment', name: name.slice(0, -hash.length - 1) } : { kind, name };
}
