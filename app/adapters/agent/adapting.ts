/**
 * Learns from the words of a refusal what another pod would need to pass. The words are those of Kubernetes' own admission
 * (plugin/pkg/admission/limitranger, resourcequota), of OpenShift's SecurityContextConstraints and of policies that say
 * the same, of kubelets and of container runtimes. Rights to read LimitRanges or quotas are not needed for it.
 */
import { amountOf, least, most, onDemand, type PodShape, type ResourceName, resourceNames } from './pod-shape.ts';
import { processors } from './processors.ts';

/** Another shape to try; null where the words name nothing that could be done about it. One kind of demand at a time. */
export function adapted(shape: PodShape, said: string): PodShape | null {
  for (const adapt of [toUsers, toKernel, toProcessors, toLimitRange, toQuotaDemands, toQuotaRoom]) {
    const next = adapt(shape, said);
    if (next !== null && JSON.stringify(next) !== JSON.stringify(shape)) {
      return next;
    }
  }
  return null;
}

const ofUsers = /security context constraint|run_?as_?(user|group)|fs_?group|supplemental_?groups/i;

function toUsers(shape: PodShape, said: string): PodShape | null {
  const told = /must be in the ranges?: ?\[(\d+), ?\d+\]/.exec(said)?.[1];
  const toldUser = told === undefined ? shape.toldUser : Number(told);
  if (shape.user === 'ours' && ofUsers.test(said)) {
    return { ...shape, user: 'theirs', toldUser };
  }
  // Admission that only judges (no OpenShift, which fills one in) leaves the image's own user, which may be root.
  const isRefusedToo = ofUsers.test(said) || isRootsImage(said);
  return shape.user === 'theirs' && isRefusedToo && toldUser !== null ? { ...shape, user: toldUser, toldUser } : null;
}

/** The kubelet's words (pkg/kubelet/kuberuntime/security_context.go) where an image would run as root, or as nobody knows whom. */
export function isRootsImage(said: string): boolean {
  return /runAsNonRoot and (image|container)/i.test(said);
}

function toKernel(shape: PodShape, said: string): PodShape | null {
  if (shape.pings && /sysctl/i.test(said)) {
    return { ...shape, pings: false };
  }
  return shape.seccomp && /seccomp (may not be set|profile.* not allowed)|seccomp.*forbidden/i.test(said)
    ? { ...shape, seccomp: false }
    : null;
}

/** An image that is not made for the processor of the node that took the pod. */
const otherImage =
  /no match for platform|exec format error|no matching manifest|no image found in .* for architecture/i;

function toProcessors(shape: PodShape, said: string): PodShape | null {
  if (!otherImage.test(said) || shape.processors.length < 2) {
    return null;
  }
  const named = processors.find((one) => new RegExp(`(linux/|architecture "?|processor )${one}`).test(said));
  return { ...shape, processors: shape.processors.filter((one) => one !== (named ?? 'arm64')) };
}

type Amount = 'requests' | 'limits';

/** A shape with another amount; a request is never above its limit. Null where that is out of reason. */
function withAmount(shape: PodShape, which: Amount, resource: ResourceName, amount: number): PodShape | null {
  if (amount > most[resource] || (which === 'limits' && amount < least[resource])) {
    return null;
  }
  const next = { requests: { ...shape.requests }, limits: { ...shape.limits } };
  next[which][resource] = amount;
  const { [resource]: request } = next.requests;
  const { [resource]: limit } = next.limits;
  if (request !== undefined && limit !== undefined && request > limit) {
    next[which === 'limits' ? 'requests' : 'limits'][resource] = amount;
  }
  return { ...shape, ...next };
}

const name = '(cpu|memory|ephemeral-storage)';
const usage = new RegExp(
  `(maximum|minimum) ${name} usage per \\w+ is ([\\w.]+?)[.,]\\s+(?:but )?(?:(request|limit) is|no (request|limit) is specified)`,
  'gi',
);
const ratio = new RegExp(
  `${name} max limit to request ratio per \\w+ is ([\\w.]+), but (?:provided ratio is ([\\d.]+)|no (request|limit) is specified)`,
  'gi',
);
const aboveLimit = new RegExp(`must be less than or equal to ${name} limit(?: of ([\\w.]+))?`, 'i');

function toLimitRange(shape: PodShape, said: string): PodShape | null {
  let next: PodShape | null = shape;
  for (const [, kind, resource, quantity = '', given, absent] of said.matchAll(usage)) {
    const bound = amountOf(quantity);
    const which: Amount = `${(given ?? absent) as 'request' | 'limit'}s`;
    if (next === null || bound === null) {
      return null;
    }
    const wished = onDemand[which][resource as ResourceName];
    const amount = given !== undefined ? bound : kind === 'maximum' ? Math.min(wished, bound) : Math.max(wished, bound);
    next = withAmount(next, which, resource as ResourceName, amount);
  }
  for (const [, resource = '', quantity = '', provided] of said.matchAll(ratio)) {
    next = next === null ? null : withRatio(next, resource as ResourceName, amountOf(quantity), Number(provided ?? ''));
  }
  const [, capped, cap = ''] = aboveLimit.exec(said) ?? [];
  const limit = amountOf(cap);
  if (next !== null && capped !== undefined && limit !== null) {
    next = { ...next, requests: { ...next.requests, [capped]: limit } };
  }
  return next;
}

/** At most `bound` times as much limit as request. A limit that a LimitRange gave is known by the ratio that it made. */
function withRatio(shape: PodShape, resource: ResourceName, bound: number | null, provided: number): PodShape | null {
  if (bound === null || bound < 1) {
    return null;
  }
  const request = shape.requests[resource] ?? onDemand.requests[resource];
  const given = provided > 0 ? request * provided : Math.min(1, onDemand.limits.cpu);
  const limit = shape.limits[resource] ?? (resource === 'cpu' ? given : onDemand.limits[resource]);
  // Up to whole thousandths and whole bytes, else the ratio is a hair too large again.
  const whole = resource === 'cpu' ? Math.ceil((limit / bound) * 1000) / 1000 : Math.ceil(limit / bound);
  const limited = withAmount(shape, 'limits', resource, limit);
  return limited === null ? null : withAmount(limited, 'requests', resource, whole);
}

/** A quota that counts a resource refuses pods that do not say how much of it they take. */
function toQuotaDemands(shape: PodShape, said: string): PodShape | null {
  const demanded = /must specify ([^\]]*)/.exec(said)?.[1];
  if (demanded === undefined) {
    return null;
  }
  const next: Record<Amount, Record<string, number>> = { requests: { ...shape.requests }, limits: { ...shape.limits } };
  for (const [, prefix = 'requests.', resource] of demanded.matchAll(
    new RegExp(`(requests\\.|limits\\.)?${name}`, 'g'),
  )) {
    const which = prefix.slice(0, -1) as Amount;
    next[which][resource as ResourceName] ??= onDemand[which][resource as ResourceName];
  }
  return { ...shape, ...next };
}

/** A quota that was exceeded. Amounts are as the quota says them; counts (pods, count/jobs.batch) are among them. */
export interface ExceededQuota {
  readonly name: string;
  /** What is over it, by the quota's own names. */
  readonly over: readonly {
    readonly resource: string;
    readonly requested: string;
    readonly used: string;
    readonly hard: string;
  }[];
}

/** Reads the words of an exceeded quota (plugin/pkg/admission/resourcequota); null where they are none. */
export function exceededQuota(said: string): ExceededQuota | null {
  const found = /exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: ([^\s;\]]+)/.exec(said);
  if (found === null) {
    return null;
  }
  const [requested, used, hard] = found.slice(2).map(pairsOf);
  const over = [...(requested ?? [])].map(([resource, amount]) => ({
    resource,
    requested: amount,
    used: used?.get(resource) ?? '0',
    hard: hard?.get(resource) ?? '0',
  }));
  return { name: found[1] ?? '', over };
}

function pairsOf(text: string): Map<string, string> {
  return new Map(text.split(',').map((pair) => pair.trim().split('=', 2) as [string, string]));
}

/** True where only what is counted is over: what we deleted a moment ago may still be counted. */
export function isCountExceeded(said: string): boolean {
  const quota = exceededQuota(said);
  return quota !== null && quota.over.length > 0 && quota.over.every(({ resource }) => amountNamed(resource) === null);
}

/** Takes what room is left, where that is enough. */
function toQuotaRoom(shape: PodShape, said: string): PodShape | null {
  const quota = exceededQuota(said);
  if (quota === null || quota.over.length === 0) {
    return null;
  }
  let next: PodShape | null = shape;
  for (const { resource, used, hard } of quota.over) {
    const counted = amountNamed(resource);
    const [usedAmount, hardAmount] = [amountOf(used), amountOf(hard)];
    if (counted === null || usedAmount === null || hardAmount === null || next === null) {
      return null;
    }
    const room = hardAmount - usedAmount;
    const enough = counted.which === 'limits' ? least[counted.resource] : least[counted.resource] / 2;
    next = room < enough ? null : withAmount(next, counted.which, counted.resource, room);
  }
  return next;
}

/** `limits.cpu` and `requests.cpu`; a bare `cpu` counts requests. Null for what is counted in pieces. */
function amountNamed(text: string): { readonly which: Amount; readonly resource: ResourceName } | null {
  const [, which = 'requests', resource] = /^(?:(requests|limits)\.)?([a-z-]+)$/.exec(text) ?? [];
  return resourceNames.some((one) => one === resource)
    ? { which: which as Amount, resource: resource as ResourceName }
    : null;
}
