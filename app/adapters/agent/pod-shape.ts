/**
 * What of the agent's pod may differ from cluster to cluster, because admission of that cluster wants it so: user,
 * processors, requests and limits, and settings of the kernel. Cores and bytes, as numbers.
 */
import { type Processor, processors } from './processors.ts';

/** Resources whose requests and limits we set. */
export const resourceNames = ['cpu', 'memory', 'ephemeral-storage'] as const;
export type ResourceName = (typeof resourceNames)[number];
export type Amounts = Readonly<Partial<Record<ResourceName, number>>>;

export interface PodShape {
  /** `ours`: 65532, and its group; `theirs`: the cluster or the image says; a number: the user that a refusal named. */
  readonly user: 'ours' | 'theirs' | number;
  /** The first user that a refusal said would do; null where none did. */
  readonly toldUser: number | null;
  /** Unprivileged ping sockets; without them the agent answers no pings. */
  readonly pings: boolean;
  /** seccompProfile RuntimeDefault; old clusters' constraints refuse to have one set. */
  readonly seccomp: boolean;
  readonly processors: readonly Processor[];
  readonly requests: Amounts;
  readonly limits: Amounts;
}

const mebibyte = 1 << 20;

export const usualShape: PodShape = {
  user: 'ours',
  toldUser: null,
  pings: true,
  seccomp: true,
  processors,
  requests: { cpu: 0.02, memory: 32 * mebibyte },
  limits: { memory: 256 * mebibyte },
};

/** What is set where a quota or a LimitRange wants something to be set at all. The agent's file takes 16 MiB of storage. */
export const onDemand: { readonly requests: Required<Amounts>; readonly limits: Required<Amounts> } = {
  requests: { cpu: 0.02, memory: 32 * mebibyte, 'ephemeral-storage': 32 * mebibyte },
  limits: { cpu: 2, memory: 256 * mebibyte, 'ephemeral-storage': 128 * mebibyte },
};

/** With less the agent does not run; more than `most` is not what we take from a cluster without being asked. */
export const least: Required<Amounts> = { cpu: 0.01, memory: 48 * mebibyte, 'ephemeral-storage': 24 * mebibyte };
export const most: Required<Amounts> = { cpu: 4, memory: 4096 * mebibyte, 'ephemeral-storage': 4096 * mebibyte };

const scales: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...Object.fromEntries(['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit, index) => [unit, 1024 ** (index + 1)])),
};

/** A Kubernetes quantity as a number; null where it is none. Source: k8s.io/apimachinery/pkg/api/resource, `Quantity`. */
export function amountOf(quantity: string): number | null {
  const [, digits, unit = '', exponent = '0'] =
    /^(\d+(?:\.\d*)?|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/.exec(quantity) ?? [];
  const scale = scales[unit];
  return digits === undefined || scale === undefined ? null : Number(digits) * scale * 10 ** Number(exponent);
}

/** Rounded up for requests of processors, which are counted in thousandths; storage in whole mebibytes where it is. */
export function quantityOf(resource: ResourceName, amount: number): string {
  if (resource === 'cpu') {
    return Number.isInteger(amount) ? String(amount) : `${Math.max(1, Math.round(amount * 1000))}m`;
  }
  return amount % mebibyte === 0 ? `${amount / mebibyte}Mi` : String(Math.floor(amount));
}

/** As a container has it. */
export function quantitiesOf(amounts: Amounts): Record<string, string> {
  const given = resourceNames.filter((name) => amounts[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, quantityOf(name, amounts[name] ?? 0)]));
}
