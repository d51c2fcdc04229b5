/**
 * Learns which ranges a cluster uses for Services and pods. Several ways are tried side by side, the ones that need
 * the least belief win, and all of it is only a proposal: the helper's own policy decides what is routed. It changes
 * nothing in the cluster (its one create is a dry run that cannot succeed).
 */
import { z } from 'zod';
import { cause, failure, problem, type RangeOrigin, type Result, success } from '../../contract/index.ts';
import { contains, formatPrefix, type Prefix } from '../../contract/prefix.ts';
import type { Range } from '../../core/ports.ts';
import type { ApiConnection } from './api-connection.ts';
import {
  type KubernetesObject,
  type Node,
  type Pod,
  pathOf,
  type ServiceCidr,
  type ServiceObject,
} from './api-objects.ts';
import { addressesOfNodes, isNodeHere, thisComputer } from './own-node.ts';
import { aggregate, coverOf, parseAddress, parseRange } from './prefixes.ts';
import type { Asked } from './problems.ts';
import { apiStatusOf, isAuthorizationRefusal, statusCodeOf } from './refusals.ts';
import { catalogueClusterRole } from './roles.ts';

/** No Service may have this address (RFC 5737, documentation). The refusal names the ranges that are valid. */
const impossibleAddress = '192.0.2.1';

/** How many objects are looked at for observed addresses. */
const observedLimit = 500;

/** More routes than this per kind are joined to wider ones; the helper takes 256 in all. */
const mostRoutes = 64;

interface Learnt {
  readonly prefixes: readonly Prefix[];
  /** Not reachable, not authorized: worth telling instead of "no ranges". */
  readonly error: unknown;
}

export async function discoverRanges(connection: ApiConnection, namespace: string): Promise<Result<Range[]>> {
  let all = await askEveryWay(connection, namespace);
  let decisive = decisiveOf(all);
  if (statusCodeOf(decisive) === 401 && (await connection.refresh())) {
    all = await askEveryWay(connection, namespace);
    decisive = decisiveOf(all);
  }
  return decisive === undefined ? rangesOf(all) : failure(await connection.explain(decisive, askedServices));
}

async function askEveryWay(connection: ApiConnection, namespace: string) {
  const [serviceCidrs, answered, services, nodes, calico, cilium, pods] = await Promise.all([
    learnServiceCidrs(connection),
    learnFromRefusal(connection, namespace),
    observeServices(connection, namespace),
    learnNodeCidrs(connection),
    learnCalicoPools(connection),
    learnCiliumNodes(connection),
    observePods(connection, namespace),
  ]);
  return { serviceCidrs, answered, services, nodes, calico, cilium, pods };
}

type Answers = Awaited<ReturnType<typeof askEveryWay>>;

function learntOf({ serviceCidrs, answered, services, nodes, calico, cilium, pods }: Answers): Learnt[] {
  return [serviceCidrs, answered, services.learnt, nodes, calico, cilium, pods.learnt];
}

/** The error that says that nothing can be learnt; undefined where there is none. */
function decisiveOf(answers: Answers): unknown {
  return learntOf(answers)
    .map(({ error }) => error)
    .find((error) => isDecisive(error));
}

function rangesOf(answers: Answers): Result<Range[]> {
  const { serviceCidrs, answered, services, nodes, calico, cilium, pods } = answers;
  const ranges: Range[] = [
    ...serviceRanges(serviceCidrs, answered, services.addresses),
    ...podRanges(calico, cilium, nodes, pods.addresses),
  ];
  const ofNodes: Pick<Range, 'isHere' | 'nodes'> = {
    ...(nodes.isHere ? { isHere: true } : {}),
    ...(nodes.addresses.length > 0 ? { nodes: nodes.addresses } : {}),
  };
  return ranges.length > 0
    ? success(ranges.map((range) => ({ ...range, ...ofNodes })))
    : failure(problem('no-ranges', cause('rangesHidden'), {}, catalogueClusterRole()));
}

const askedServices: Asked = { verb: 'list', group: '', resource: 'services', namespace: '', purpose: 'catalogue' };

/** Refusals and missing APIs are expected; no connection and no login are not. */
function isDecisive(error: unknown): boolean {
  const code = statusCodeOf(error);
  return error !== null && (code === null || code === 401);
}

function serviceRanges(cidrs: Learnt, answered: Learnt, observed: readonly Prefix[]): Range[] {
  const known: readonly [Learnt, RangeOrigin][] = [
    [cidrs, 'service-cidr'],
    [answered, 'api-answer'],
  ];
  const [learnt, origin] = known.find(([candidate]) => candidate.prefixes.length > 0) ?? [cidrs, 'service-cidr'];
  // The API server's refusal names the range that it looked in alone: not the other family, nor further ServiceCIDRs.
  const rest = observed.filter((address) => !learnt.prefixes.some((prefix) => contains(prefix, address)));
  return [
    ...asRanges(learnt.prefixes, 'services', origin),
    ...asRanges(coverOf(rest), 'services', 'observed-services'),
  ];
}

/** Where a network plugin has address management of its own, Node.spec.podCIDR may be set and mean nothing. */
function podRanges(calico: Learnt, cilium: Learnt, nodes: Learnt, observed: readonly Prefix[]): Range[] {
  const known: readonly [Learnt, RangeOrigin][] = [
    [calico, 'calico-pool'],
    [cilium, 'cilium-node'],
    [nodes, 'node-pod-cidr'],
  ];
  const [learnt, origin] = known.find(([candidate]) => candidate.prefixes.length > 0) ?? [nodes, 'node-pod-cidr'];
  const outside = observed.filter((address) => !learnt.prefixes.some((prefix) => contains(prefix, address)));
  return [...asRanges(learnt.prefixes, 'pods', origin), ...asRanges(coverOf(outside), 'pods', 'observed-pods')];
}

function asRanges(prefixes: readonly Prefix[], kind: Range['kind'], origin: RangeOrigin): Range[] {
  return aggregate(prefixes, mostRoutes).map((prefix) => ({ prefix: formatPrefix(prefix), kind, origin }));
}

function learnt(texts: readonly string[]): Learnt {
  return {
    prefixes: texts.map(parseRange).filter((prefix) => prefix !== null),
    error: null,
  };
}

async function learn(connection: ApiConnection, texts: () => Promise<string[]>): Promise<Learnt> {
  const attempt = await connection.attempt(texts);
  return attempt.ok ? learnt(attempt.value) : { prefixes: [], error: attempt.error };
}

/** KEP-1880: v1 since Kubernetes 1.33, v1beta1 in 1.31 and 1.32 where it was switched on. */
function learnServiceCidrs(connection: ApiConnection): Promise<Learnt> {
  return learn(connection, async () => {
    const listed = (version: string) => connection.list<ServiceCidr>(`/apis/networking.k8s.io/${version}/servicecidrs`);
    const first = await connection.attempt(() => listed('v1'));
    if (!first.ok && statusCodeOf(first.error) !== 404) {
      throw first.error;
    }
    const list = first.ok ? first.value : await listed('v1beta1');
    return list.items
      .filter((item) => item.metadata?.deletionTimestamp === undefined)
      .flatMap((item) => item.spec?.cidrs ?? []);
  });
}

async function learnFromRefusal(connection: ApiConnection, namespace: string): Promise<Learnt> {
  const attempt = await connection.attempt(() =>
    connection.post(
      pathOf('services', namespace),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { generateName: 'slipway-probe-' },
        spec: { clusterIP: impossibleAddress, ports: [{ port: 80 }] },
      },
      { dryRun: 'All' },
    ),
  );
  if (attempt.ok) {
    return learnt([]); // no allocator looked at it
  }
  const found = validRanges(apiStatusOf(attempt.error).message ?? '');
  if (found.length > 0) {
    return learnt(found);
  }
  const expected = statusCodeOf(attempt.error) === 422 || isAuthorizationRefusal(attempt.error);
  return { prefixes: [], error: expected ? null : attempt.error };
}

/** "The range of valid IPs is 10.96.0.0/12" (pkg/registry/core/service/ipallocator, unchanged since 1.5). */
export function validRanges(message: string): string[] {
  const named = /range of valid IPs is ([0-9a-fA-F.:/, ]+)/g;
  return [...message.matchAll(named)]
    .flatMap((match) => (match[1] ?? '').split(/[, ]+/))
    .map((text) => text.replace(/\.$/, ''))
    .filter((text) => parseRange(text) !== null);
}

async function observeServices(connection: ApiConnection, namespace: string) {
  return observe<ServiceObject>(
    connection,
    'services',
    namespace,
    (service) => service.spec?.clusterIPs ?? (service.spec?.clusterIP ? [service.spec.clusterIP] : []),
  );
}

async function observePods(connection: ApiConnection, namespace: string) {
  return observe<Pod>(connection, 'pods', namespace, (pod) =>
    pod.spec?.hostNetwork === true ? [] : (pod.status?.podIPs ?? []).map((item) => item.ip ?? ''),
  );
}

async function observe<Item extends KubernetesObject>(
  connection: ApiConnection,
  resource: 'services' | 'pods',
  home: string,
  addressesOf: (item: Item) => string[],
): Promise<{ learnt: Learnt; addresses: Prefix[] }> {
  const seen = (namespace: string) =>
    connection.attempt(async () => {
      const list = await connection.list<Item>(pathOf(resource, namespace), { limit: observedLimit });
      return list.items.flatMap(addressesOf);
    });
  let attempt = await seen('');
  if (!attempt.ok && statusCodeOf(attempt.error) === 403) {
    attempt = await seen(home);
  }
  if (!attempt.ok) {
    return { learnt: { prefixes: [], error: attempt.error }, addresses: [] };
  }
  return {
    learnt: { prefixes: [], error: null },
    addresses: attempt.value.map(parseAddress).filter((address) => address !== null),
  };
}

interface NodesFound {
  readonly isHere: boolean;
  readonly addresses: readonly string[];
}

async function learnNodeCidrs(connection: ApiConnection): Promise<Learnt & NodesFound> {
  let isHere = false;
  let addresses: string[] = [];
  const found = await learn(connection, async () => {
    const { items } = await connection.list<Node>(pathOf('nodes'));
    isHere = isNodeHere(items, await thisComputer());
    addresses = addressesOfNodes(items);
    return items.flatMap((node) => node.spec?.podCIDRs ?? (node.spec?.podCIDR ? [node.spec.podCIDR] : []));
  });
  return { ...found, isHere, addresses };
}

const calicoPools = z.object({
  items: z.array(z.object({ spec: z.object({ cidr: z.string(), disabled: z.boolean().nullish() }) })),
});

function learnCalicoPools(connection: ApiConnection): Promise<Learnt> {
  return learn(connection, async () => {
    const list = await listCustom(connection, 'crd.projectcalico.org', 'v1', 'ippools', calicoPools);
    return list.items.filter((pool) => pool.spec.disabled !== true).map((pool) => pool.spec.cidr);
  });
}

const ciliumNodes = z.object({
  items: z.array(
    z.object({ spec: z.object({ ipam: z.object({ podCIDRs: z.array(z.string()).nullish() }).nullish() }) }),
  ),
});

function learnCiliumNodes(connection: ApiConnection): Promise<Learnt> {
  return learn(connection, async () => {
    const list = await listCustom(connection, 'cilium.io', 'v2', 'ciliumnodes', ciliumNodes);
    return list.items.flatMap((node) => node.spec.ipam?.podCIDRs ?? []);
  });
}

async function listCustom<Value>(
  connection: ApiConnection,
  group: string,
  version: string,
  plural: string,
  schema: z.ZodType<Value & { items: unknown[] }>,
): Promise<Value> {
  const answer = await connection.list(`/apis/${group}/${version}/${plural}`);
  const parsed = schema.safeParse(answer);
  return parsed.success ? parsed.data : schema.parse({ items: [] });
}
