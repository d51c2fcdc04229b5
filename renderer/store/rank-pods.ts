/**
 * Which pods a search finds, and in which order: by the name first, as for Services (rank-services.ts), then by address,
 * and then by whatever else is known of a pod.
 */
import type { Pod } from '../../app/contract/index.ts';
import type { Term } from './query.ts';
import { closeness } from './rank-services.ts';

export interface FoundPod<Item> {
  readonly item: Item;
  /** The smaller, the better; comparable with a Service's. */
  readonly grade: number;
}

const grades = { namespace: 4, address: 8, other: 16 } as const;

const texts = new WeakMap<Pod, string>();

/** Everything that a word may be found in, in lower case; made once for each pod that did not change. */
export function searchTextOf(pod: Pod): string {
  const known = texts.get(pod);
  if (known !== undefined) {
    return known;
  }
  const { namespace, name, addresses, node, status, owner, containers, labels, reasons } = pod;
  const text = [
    name,
    namespace,
    ...addresses,
    node,
    status,
    owner === null ? '' : `${owner.kind}/${owner.name}`,
    ...reasons.map(({ word }) => word),
    ...containers.map(({ name: inside, image }) => `${inside} ${image}`),
    ...containers.flatMap(({ ports }) => ports.map((port) => `${port.name} ${port.port}`)),
    ...Object.entries(labels).map(([label, value]) => `${label}=${value}`),
  ]
    .join('\n')
    .toLowerCase();
  texts.set(pod, text);
  return text;
}

function gradeOf(pod: Pod, { text, port, namespace }: Term): number | null {
  if (namespace !== null && !pod.namespace.startsWith(namespace)) {
    return null;
  }
  if (port !== null && !pod.containers.some(({ ports }) => ports.some((one) => one.port === port))) {
    return null;
  }
  if (text === '') {
    return grades.namespace;
  }
  const byName = closeness(pod.name, text);
  if (byName !== null) {
    return byName;
  }
  // Behind a headless Service it has a name of its own, written out as far as one likes.
  if (pod.hostname !== '' && text.startsWith(`${pod.hostname}.`)) {
    const own = `${pod.hostname}.${pod.subdomain}.${pod.namespace}.svc.`;
    if (own.startsWith(text) || text.startsWith(own)) {
      return 0;
    }
  }
  if (pod.addresses.some((address) => closeness(address, text) !== null)) {
    return grades.address + (pod.addresses.includes(text) ? 0 : 2);
  }
  return searchTextOf(pod).includes(text) ? grades.other : null;
}

/** Those in which every term is found, the best first; of equals in the order in which they came. */
export function rankPods<Item>(
  items: readonly Item[],
  podOf: (item: Item) => Pod,
  terms: readonly Term[],
): readonly FoundPod<Item>[] {
  const found: FoundPod<Item>[] = [];
  for (const item of items) {
    let grade: number | null = 0;
    for (const term of terms) {
      const one: number | null =
        gradeOf(podOf(item), term) ?? (term.otherwise === null ? null : gradeOf(podOf(item), term.otherwise));
      grade = grade === null || one === null ? null : grade + one;
    }
    if (grade !== null) {
      found.push({ item, grade });
    }
  }
  return found.sort((left, right) => left.grade - right.grade);
}
