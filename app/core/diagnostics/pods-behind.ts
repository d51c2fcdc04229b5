/** The pods behind a Service, as far as they may be read: asked for only once its connection went wrong. */
import type { Pod, Service } from '../../contract/index.ts';
import type { Runner } from '../connection/runner.ts';

/** Those of its endpoints that are ready; none where they cannot be told. */
export async function podsBehind(runner: Runner, { namespace, endpoints }: Service): Promise<readonly Pod[]> {
  const names = new Set(endpoints.filter(({ ready, pod }) => ready && pod !== '').map(({ pod }) => pod));
  if (names.size === 0) {
    return [];
  }
  const isBehind = (pod: Pod) => pod.namespace === namespace && names.has(pod.name);
  const known = (runner.pods.list()?.pods ?? []).filter(isBehind);
  if (known.length > 0) {
    return known;
  }
  const listed = await runner.cluster()?.listPods([namespace]);
  return listed?.ok === true ? listed.value.pods.filter(isBehind) : [];
}
