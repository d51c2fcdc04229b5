/** The direct path of the fake world: what a cluster offers of it, and an engine that tries what it is told to. */
import { type PathCandidate, placeText, type Result, success, type TriedPath } from '../contract/index.ts';
import { agentDirectPort, type PathInForce } from '../core/engine-messages.ts';
import type { DirectOffer } from '../core/ports.ts';
import type { FakeCluster } from './cluster.ts';

/** The port that each Service gets on its node. */
const nodePort = 31_820;
const roundTripMicroseconds = 400;

export function offerOf(cluster: FakeCluster, pod: string, isAgreed: boolean): Result<DirectOffer> {
  const wasThere = cluster.directServices.has(pod);
  const isRefused = (isAgreed || wasThere) && cluster.directRefusal !== null;
  if (isAgreed && !isRefused) {
    cluster.directServices.add(pod);
  } else if (!isAgreed && !isRefused) {
    cluster.directServices.delete(pod);
  }
  const ofPod = cluster.agentAddresses.map((host): PathCandidate => ({ kind: 'pod', host, port: agentDirectPort }));
  const ofNode = cluster.nodeAddresses.map((host): PathCandidate => ({ kind: 'node', host, port: nodePort }));
  return success({
    candidates: [...ofPod, ...(isAgreed && !isRefused ? ofNode : [])],
    problems: isRefused && cluster.directRefusal !== null ? [cluster.directRefusal] : [],
    nodeUnread: isAgreed && cluster.nodeUnread,
  });
}

/** Tries each place, and takes the first that works. One that was in use and works no more is lost. */
export function triedBy(
  cluster: FakeCluster,
  candidates: readonly PathCandidate[],
  before: PathInForce | null,
): PathInForce {
  const inUse = before?.candidate ?? null;
  const tried = candidates.map((candidate): TriedPath => {
    const outcome = cluster.ways.get(candidate.host) ?? (candidate.kind === 'pod' ? 'inside-tunnel' : 'works');
    const wasLost = outcome === 'silent' && inUse !== null && placeText(inUse) === placeText(candidate);
    return { ...candidate, outcome: wasLost ? 'lost' : outcome, detail: '' };
  });
  const first = tried.findIndex(({ outcome }) => outcome === 'works');
  const candidate = candidates[first];
  return candidate === undefined
    ? { path: 'apiserver', tried }
    : {
        path: 'direct',
        candidate,
        roundTripMicroseconds,
        mtu: 1400,
        tried: tried.map((one, at) => (at > first && one.outcome === 'works' ? { ...one, outcome: 'slower' } : one)),
      };
}
