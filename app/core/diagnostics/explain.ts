/**
 * What happens to a packet to a name or an address: who answers the name with what, what the address is, which range covers
 * it, which interface the kernel takes, the tunnel, what is ready behind it, and what a dial says. After a step that stops it
 * nothing more is looked at. While the connection is off: what would happen, by the same lists and decisions.
 */
import {
  answerOf,
  type Cause,
  cause,
  type ExplainStep,
  type Explanation,
  failure,
  isRouted,
  type Names,
  type Path,
  type Pod,
  type Problem,
  placeText,
  problem,
  type Result,
  type Route,
  realAddress,
  type Service,
  type ServiceKey,
  success,
  type TestTimes,
  toldAddress,
} from '../../contract/index.ts';
import { contains, parsePrefix, usualAddress } from '../../contract/prefix.ts';
import type { Runner } from '../connection/runner.ts';
import { nameInCluster } from '../naming/cluster-names.ts';
import { domainOf } from '../naming/offered-domains.ts';
import { similarNames } from '../naming/similar-names.ts';
import type { Ports } from '../ports.ts';
import { whyKept, whyOwn } from '../routing/kept-parts.ts';
import { exclusionOf } from '../routing/plan.ts';
import { answeredBy, wayThrough } from './explain-words.ts';
import { testResolvers } from './test-resolvers.ts';
import { stepOf, testService } from './test-service.ts';
import { timesOf } from './time-split.ts';

/** What is known of the cluster, and of the laptop towards it. */
export interface Surroundings {
  readonly context: string;
  readonly services: readonly Service[];
  readonly namespaces: readonly string[];
  /** In force, or as they would be. */
  readonly routes: readonly Route[];
  readonly names: Names | null; // null: off
  readonly upstreams: readonly string[];
  /** Domains that the cluster's nameservers know, and are not asked for. */
  readonly offeredDomains: readonly string[];
  readonly homeNamespace: string;
  readonly path: Path | ''; // '': off
  readonly roundTripMicroseconds: number;
  /** Of the connection; null while it is off. */
  readonly runner: Runner | null;
  /** Asked only for an address that is of no Service; null where they may not be listed. */
  listPods(): Promise<readonly Pod[] | null>;
}

export interface ExplainTarget {
  readonly host: string; // in lower case, an address of IPv6 as RFC 5952 has it, without brackets
  readonly port: number; // 0: none
}

/** `HOST`, `HOST:PORT`, `[IPv6]:PORT`, or a URL, whose scheme says the port. */
export function targetOf(text: string): Result<ExplainTarget> {
  const trimmed = text.trim();
  const url = /^(https?):\/\/(?:[^/@]*@)?([^/?#]*)/i.exec(trimmed);
  const plain = url?.[2] ?? trimmed;
  const usual = url === null ? 0 : url[1]?.toLowerCase() === 'https' ? 443 : 80;
  const isBareIPv6 = parsePrefix(plain)?.family === 6;
  const split = isBareIPv6 ? null : /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(plain);
  const typed = (isBareIPv6 ? plain : (split?.[1] ?? split?.[2] ?? '')).toLowerCase().replace(/\.$/, '');
  const host = usualAddress(typed) ?? typed; // as the cluster's lists have it
  const port = split?.[3] === undefined ? usual : Number(split[3]);
  const isHost =
    isAddress(host) ||
    /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(host);
  return isHost && port <= 65_535 && (split?.[3] === undefined || port > 0)
    ? success({ host, port })
    : failure(problem('usage', cause('explainTarget', { target: trimmed })));
}

export async function explain(ports: Ports, target: ExplainTarget, known: Surroundings): Promise<Explanation> {
  const steps: ExplainStep[] = [];
  const named = isAddress(target.host)
    ? { isOfCluster: false, service: null }
    : nameInCluster(target.host, { ...known, clusterDomain: known.names?.clusterDomain ?? '' });
  const similar: string[] = [];
  let times: TestTimes | null = null;
  const port = target.port || portOf(named.service);
  const finish = (
    result: Explanation['verdict']['result'],
    why: Cause | string,
    because: Problem | null = null,
  ): Explanation => ({
    host: target.host,
    port,
    steps,
    times,
    verdict: { result, ...answerOf(why), problem: because },
    similar,
  });
  /** The first step that stops it, as the verdict. */
  const stopped = (): Explanation | null => {
    const because = steps.find(({ state }) => state === 'bad')?.problem ?? null;
    return because === null ? null : finish('stopped', because.said ?? because.cause, because);
  };

  let address = target.host;
  if (!isAddress(target.host)) {
    const found = await nameSteps(ports, target.host, named, known);
    steps.push(...found.steps);
    similar.push(...found.similar);
    const end = stopped();
    if (end !== null) {
      return end;
    }
    address = found.address;
    if (address === '') {
      const because = problem('name-unknown', cause('noAddress', { host: target.host }), { context: known.context });
      return finish('stopped', because.said ?? because.cause, because);
    }
  }
  const shown = port === 0 ? target.host : placeText({ host: target.host, port });
  const real = realAddress(known.routes, address);
  const owner = ownerOf(real, known.services);
  const route = routeStep(address, known, named.service !== null || owner.service !== null);
  // What is in no range of the cluster is no reason to list ten thousand pods.
  const isInRange = owner.service === null && route.state !== 'not-checked';
  steps.push(step('address', 'good', isInRange ? podAt(real, await known.listPods()) : owner.words));
  steps.push(route);
  if (route.state === 'bad') {
    return stopped() ?? finish('outside', cause('explainOutside', { target: shown }));
  }
  if (route.state === 'not-checked') {
    return finish('outside', cause('explainOutside', { target: shown }));
  }
  if (known.runner === null) {
    const service = named.service ?? owner.service;
    if (service !== null) {
      steps.push(readyStep(service, known.context));
    }
    return stopped() ?? finish('off', cause('explainOff', { context: known.context, target: shown, address }));
  }
  const way = await wayOf(ports, known, known.runner, { address, port, service: named.service ?? owner.clusterIP });
  steps.push(...way.steps);
  times = way.times;
  const last = steps.find((one) => one.step === 'connection');
  return (
    stopped() ??
    (last?.state === 'good'
      ? finish('reached', cause('explainReached', { target: shown }))
      : finish('leads', cause('explainLeads', { target: shown })))
  );
}

async function nameSteps(
  ports: Ports,
  host: string,
  named: { readonly isOfCluster: boolean; readonly service: Service | null },
  known: Surroundings,
): Promise<{ steps: ExplainStep[]; address: string; similar: string[] }> {
  const steps: ExplainStep[] = [];
  const answers = await testResolvers(
    ports,
    [{ name: host, isOfCluster: named.isOfCluster }],
    known.names,
    known.upstreams,
  );
  const system = answers.find(({ kind }) => kind === 'system');
  const isAnswered = (system?.answers.length ?? 0) > 0;
  const isMeant = named.isOfCluster || (!isAnswered && !host.includes('.'));
  const offered = domainOf(host, known.offeredDomains);
  const similar = isMeant && named.service === null ? similarTo(host, known) : [];
  if (named.service !== null) {
    steps.push(step('name', 'good', cause('explainService', { host, service: keyOf(named.service) })));
  } else if (isMeant && !isAnswered) {
    const why =
      similar.length === 0
        ? cause('explainNoService', { host })
        : cause('explainNoServiceSimilar', { host, similar: similar.join(', ') });
    steps.push(bad('name', problem('name-unknown', why, { context: known.context })));
    return { steps, address: '', similar };
  } else if (offered !== '' && !isAnswered) {
    const why = cause('stubDomain', { host, domain: offered });
    steps.push(bad('name', problem('domain-offered', why, { context: known.context, domain: offered })));
    return { steps, address: '', similar };
  } else {
    steps.push(step('name', 'not-checked', cause('explainOutsideName')));
  }
  const isOff = known.runner === null || known.names?.mode === 'proxy'; // this computer's own resolvers know nothing of it
  const own =
    named.service === null ? [] : addressesOf(named.service).map((address) => toldAddress(known.routes, address));
  if (!isOff && isAnswered && own.length > 0 && !system?.answers.some((one) => own.includes(one))) {
    const why = cause('takenFor', { host, found: system?.answers.join(', ') ?? '', own: own.join(', ') });
    steps.push(bad('resolver', problem('name-elsewhere', why, { context: known.context })));
    return { steps, address: '', similar };
  }
  for (const one of answers) {
    const words = answeredBy(one.resolver, one.answers.join(', '));
    // While it is off, nobody has to know a name of the cluster; an upstream never has to.
    const isFault = one.problem !== null && one.kind !== 'upstream' && !(isOff && named.isOfCluster);
    steps.push({
      ...step(
        'resolver',
        isFault ? 'bad' : one.answers.length > 0 ? 'good' : 'not-checked',
        isFault ? (one.problem?.said ?? one.problem?.cause ?? words) : words,
      ),
      milliseconds: one.milliseconds,
      problem: isFault ? one.problem : null,
    });
  }
  if (isOff && named.service !== null) {
    const addresses = own.join(', ') || '–';
    const answers = cause(known.runner === null ? 'explainWouldAnswer' : 'explainProxyAnswers', { addresses });
    steps.push(step('resolver', 'good', answers));
    return { steps, address: own[0] ?? '', similar };
  }
  return { steps, address: system?.answers.find((one) => !one.includes(':')) ?? system?.answers[0] ?? '', similar };
}

/** Names as one types them: bare in the home namespace, with their namespace elsewhere. */
function similarTo(host: string, { services, homeNamespace }: Surroundings): string[] {
  const typed = host.replace(/\.svc(\..*)?$/, '');
  const [name = ''] = typed.split('.');
  const whole = services.map((one) => `${one.name}.${one.namespace}`);
  const elsewhere = services.filter((one) => one.name === name).map((one) => `${one.name}.${one.namespace}`);
  const bare = services.filter(({ namespace }) => namespace === homeNamespace).map((one) => one.name);
  return [...new Set([...elsewhere, ...similarNames(typed, typed.includes('.') ? whole : [...bare, ...whole])])].slice(
    0,
    3,
  );
}

function ownerOf(address: string, services: readonly Service[]) {
  const clusterIP = services.find((one) => one.addresses.includes(address)) ?? null;
  if (clusterIP !== null) {
    return { words: cause('explainIsService', { address, service: keyOf(clusterIP) }), service: clusterIP, clusterIP };
  }
  for (const service of services) {
    const found = service.endpoints.find((endpoint) => endpoint.address === address);
    if (found !== undefined) {
      const { pod, node } = found;
      const words = cause('explainIsPod', { address, pod: pod || '–', node: node || '–', service: keyOf(service) });
      return { words, service, clusterIP: null };
    }
  }
  return { words: cause('explainIsUnknown', { address }), service: null, clusterIP: null };
}

/** The pod of this address that no Service has. What ended left its address to others; a node's is that of many pods. */
function podAt(address: string, pods: readonly Pod[] | null): Cause {
  const found = pods?.find(
    ({ addresses, hostNetwork, health }) => addresses.includes(address) && !hostNetwork && health !== 'done',
  );
  if (found !== undefined) {
    const { node, status } = found;
    return cause('explainIsLonePod', { address, pod: keyOf(found), node: node || '–', status });
  }
  return pods === null ? cause('explainIsUnknown', { address }) : cause('explainIsNobody', { address });
}

/** `isOfCluster`: it must be routed, so that not being is a fault. */
function routeStep(address: string, { routes, context }: Surroundings, isOfCluster: boolean): ExplainStep {
  const told = toldAddress(routes, address);
  if (told !== address) {
    const mapped = cause('explainMapped', { address, virtual: told });
    return isOfCluster
      ? bad('route', problem('address-mapped', mapped, { context, address: told }))
      : step('route', 'not-checked', mapped);
  }
  const real = realAddress(routes, address);
  const parsed = parsePrefix(real);
  const covering = routes
    .flatMap((route) => {
      const range = parsePrefix(route.prefix);
      const isOver = parsed !== null && range !== null && contains(range, parsed);
      return isOver ? [{ route, length: range.length }] : [];
    })
    .sort((one, other) => other.length - one.length)[0]?.route;
  if (covering === undefined) {
    const missing = cause('explainNotRouted', { address });
    return isOfCluster
      ? bad('route', problem('route-missing', missing, { context }))
      : step('route', 'not-checked', missing);
  }
  const { prefix, decision, conflict, interface: taken } = covering;
  if (real !== address) {
    return step('route', 'good', cause('explainRoutedFor', { address, real, prefix }));
  }
  const own = whyOwn(routes, address);
  if (own !== null) {
    return step('route', 'good', own);
  }
  const kept = whyKept(routes, address);
  if (kept !== null) {
    return bad('route', problem('services-cut', kept, { context, conflict, interface: taken }));
  }
  if (decision === 'narrowed' && !isOfCluster) {
    return step('route', 'not-checked', cause('explainNarrowed', { address, prefix, conflict, interface: taken }));
  }
  if (isRouted(covering)) {
    return step('route', 'good', cause('explainRouted', { prefix }));
  }
  const excluded = exclusionOf(routes, address);
  return bad(
    'route',
    excluded ??
      problem('route-refused', cause('explainNotRouted', { address }), { prefix, conflict, interface: taken, context }),
  );
}

/** By the engine: the kernel's choice, the heartbeat, the dial; for a Service as its own test goes. */
async function wayOf(
  ports: Ports,
  known: Surroundings,
  runner: Runner,
  { address, port, service }: { readonly address: string; readonly port: number; readonly service: Service | null },
): Promise<Pick<Explanation, 'steps' | 'times'>> {
  const { context } = known;
  if (service !== null && port !== 0) {
    const { steps, times } = await testService(ports, runner, {
      context,
      namespace: service.namespace,
      service: service.name,
      port,
    });
    const shown = steps
      .filter((one) => one.step !== 'name')
      .map(
        (one) =>
          ({
            ...one,
            ...(one.step === 'tunnel' && one.state === 'good' ? wayThrough(known) : {}),
            step: one.step === 'route' ? 'interface' : one.step,
          }) as ExplainStep,
      );
    return { steps: shown, times };
  }
  const tested = await runner.test(address, port);
  if (!tested.ok) {
    return { steps: [bad('interface', tested.problem)], times: null };
  }
  const steps = (['route', 'tunnel', 'connection'] as const).flatMap((name) => {
    const found = stepOf(name, tested.value, context);
    return found === null ? [] : [found];
  });
  const shown = steps.map(
    (one): ExplainStep => ({
      ...one,
      ...(one.step === 'tunnel' && one.state === 'good' ? wayThrough(known) : {}),
      ...(one.step === 'connection' && one.state === 'good' ? answerOf(placeText({ host: address, port })) : {}),
      step: one.step === 'route' ? 'interface' : (one.step as ExplainStep['step']),
    }),
  );
  const isLeft = port === 0 && steps.every(({ state }) => state === 'good');
  return {
    steps: isLeft ? [...shown, step('connection', 'not-checked', cause('explainNoPort'))] : shown,
    times: timesOf(tested.value),
  };
}

function readyStep(service: Service, context: string): ExplainStep {
  const ready = service.endpoints.filter((endpoint) => endpoint.ready).length;
  const total = service.endpoints.length;
  const count = cause('endpointsReady', { ready, total });
  return ready > 0 || service.type === 'ExternalName' || total === 0
    ? step('endpoint', ready > 0 ? 'good' : 'not-checked', count)
    : bad('endpoint', problem('endpoints-missing', count, { context }));
}

function portOf(service: Service | null): number {
  return service?.ports.find(({ protocol }) => protocol === 'TCP')?.port ?? 0;
}

function addressesOf(service: Service): readonly string[] {
  return service.addresses.length > 0
    ? service.addresses
    : service.endpoints.filter(({ ready }) => ready).map(({ address }) => address);
}

function keyOf({ namespace, name }: ServiceKey): string {
  return `${namespace}/${name}`;
}

function isAddress(host: string): boolean {
  return usualAddress(host) !== null;
}

function step(name: ExplainStep['step'], state: ExplainStep['state'], found: Cause | string): ExplainStep {
  return { step: name, state, ...answerOf(found), milliseconds: 0, problem: null };
}

function bad(name: ExplainStep['step'], because: Problem): ExplainStep {
  return { ...step(name, 'bad', because.said ?? because.cause), problem: because };
}
