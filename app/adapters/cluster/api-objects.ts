/**
 * Objects of the Kubernetes API as they come over the wire: client-node's generated types, with times as text. Its classes
 * for them would be a second copy of each list, of three times the size (ADR 10).
 */
import type {
  CoreV1Event,
  V1ContainerState,
  V1ContainerStatus,
  V1Job,
  V1NetworkPolicy,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1PodStatus,
  V1SelfSubjectAccessReview,
  V1Service,
  V1ServiceCIDR,
  V1Status,
} from '@kubernetes/client-node';
import { z } from 'zod';
import { cause, problem } from '../../contract/index.ts';
import { ProblemError } from '../problem-error.ts';

type Wire<Value> = Value extends Date
  ? string
  : Value extends readonly (infer Item)[]
    ? Wire<Item>[]
    : Value extends object
      ? { [Key in keyof Value]: Wire<Value[Key]> }
      : Value;

export type Pod = Wire<V1Pod>;
export type PodStatus = Wire<V1PodStatus>;
export type ContainerState = Wire<V1ContainerState>;
export type ContainerStatus = Wire<V1ContainerStatus>;
export type Job = Wire<V1Job>;
export type NetworkPolicy = Wire<V1NetworkPolicy>;
export type Node = Wire<V1Node>;
export type CoreEvent = Wire<CoreV1Event>;
export type ServiceObject = Wire<V1Service>;
export type ServiceCidr = Wire<V1ServiceCIDR>;
export type AccessReview = Wire<V1SelfSubjectAccessReview>;
export type Status = Wire<V1Status>;

/** Marks an object as made by one certain request of ours. */
export const requestAnnotation = 'slipway.dev/request';

/** What every object has. */
export interface KubernetesObject {
  readonly metadata?: Wire<V1ObjectMeta>;
}

export interface ObjectList<Item> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: Item[];
}

const named = z.object({ metadata: z.object({ name: z.string().min(1), namespace: z.string().nullish() }) });

/** Whether it has what everything that follows relies on. */
export function isNamed(object: unknown): boolean {
  return named.safeParse(object).success;
}

/** The list with what has a name. Throws a ProblemError where the answer is no list. */
export function checkedList<Item extends KubernetesObject>(answer: unknown): ObjectList<Item> {
  const items = (answer as { items?: unknown } | null | undefined)?.items;
  if (!Array.isArray(items)) {
    throw new ProblemError(problem('api-unreachable', cause('noList')));
  }
  const list = answer as ObjectList<Item>;
  return { ...list, items: list.items.filter((item) => isNamed(item)) };
}

/** Where each resource is served. Names of resources are plural, as in URLs and in RBAC. */
const roots = {
  namespaces: '/api/v1',
  services: '/api/v1',
  pods: '/api/v1',
  configmaps: '/api/v1',
  nodes: '/api/v1',
  events: '/api/v1',
  jobs: '/apis/batch/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  networkpolicies: '/apis/networking.k8s.io/v1',
} as const;

export type Resource = keyof typeof roots;

/** The path of a resource, in one namespace or (empty) in all; of one object where it is named, or of a part of it. */
export function pathOf(resource: Resource, namespace = '', name = '', part = ''): string {
  const scope = namespace === '' ? '' : `namespaces/${encodeURIComponent(namespace)}`;
  const words = [roots[resource], scope, resource, encodeURIComponent(name), part];
  return words.filter((word) => word !== '').join('/');
}
