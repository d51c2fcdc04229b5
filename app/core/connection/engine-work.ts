/**
 * The runner's hand on the engine: starts it, tells it things, ends it. It remembers what the engine was told, so
 * that only what changed is sent again. It decides nothing about the connection.
 */
import { cause, failure, type PathCandidate, problem, type Result, success } from '../../contract/index.ts';
import { createEndpointTelling } from '../catalog/endpoints.ts';
import { createHostTelling } from '../catalog/hosts.ts';
import { reachTargets, type TargetChoices } from '../catalog/reach-targets.ts';
import type {
  AgentTarget,
  EngineCommand,
  EngineEvent,
  EngineProxy,
  NameScope,
  ReachCheck,
  SessionAddresses,
  Tested,
} from '../engine-messages.ts';
import { createFlowWatch, type FlowWatch } from '../flows/flow-watch.ts';
import { type Known, type NameChoices, scopeOf } from '../naming/names.ts';
import type { NameSharing } from '../naming/suffixes.ts';
import type { Catalogue, ClusterPort, EngineLink, Ports } from '../ports.ts';
import { inMessage, type Mapping, type WantedRoutes } from '../route-messages.ts';
import type { Effect } from './state.ts';

/** How long the engine may take to undo everything, in milliseconds, before its standard input is closed. */
const stopDeadline = 5000;
/** And after that, before it is killed. */
const endDeadline = 2000;
/** Longer than all steps of a test may take together: tunnel 3 s, connection 5 s, request 8 s. */
const answerDeadline = 20_000;

/** What an effect tells the engine that is up. */
export function commandOf(effect: Extract<Effect, { kind: 'sendAgent' | 'forgetAgent' | 'sendPlan' }>): EngineCommand {
  switch (effect.kind) {
    case 'sendAgent':
      return { command: 'agent', agent: effect.agent };
    case 'forgetAgent':
      return { command: 'agentGone' };
    case 'sendPlan':
      return { command: 'plan', plan: effect.plan };
  }
}

/** The port that SOCKS has by habit (RFC 1928); where it is taken, the engine takes another one. */
const usualProxyPort = 1080;

type Waiting<Value> = Map<number, (result: Result<Value>) => void>;

export interface EngineWork {
  /** Answers once hellos were exchanged. `heard` and `ended` are called later, never before this has settled. */
  start(heard: (event: EngineEvent) => void, ended: (because: string) => void): Promise<Result<null>>;
  prepare(cluster: ClusterPort, what: PrepareWork, signal: AbortSignal): Promise<Result<null>>;
  connect(cluster: ClusterPort, what: ConnectWork, signal: AbortSignal): Promise<Result<null>>;
  /** Tells the engine where the API server is reached now, where that is known and another place than before. */
  protect(cluster: ClusterPort, signal: AbortSignal): Promise<Result<null>>;
  send(command: EngineCommand): void;
  /** Sends scope, hosts, endpoints and targets of the reach check where they changed. */
  sendCatalogue(known: Known, chosen: NameChoices & TargetChoices, pods: readonly string[]): void;
  /** Sends what is to be known of the names of all clusters that are on, where that changed. */
  shareNames(sharing: NameSharing): void;
  /** Whether it was told that the names in force are another cluster's; null before it was told anything of names. */
  toldNames(): { readonly elsewhere: boolean; readonly ever: boolean } | null; // ever: never anything else
  /** Sends the places to try where they changed. */
  sendDirect(candidates: readonly PathCandidate[]): void;
  /** Checks now; what it found is heard as an event, too. */
  checkReach(): Promise<Result<readonly ReachCheck[]>>;
  /** What let programs in, where they came through a proxy of the last engine. Not to be kept: there are secrets in it. */
  proxy(): EngineProxy | null;
  readonly flows: Pick<FlowWatch, 'hold' | 'now'>;
  /** `request` is made on the connection, and names that host. */
  test(host: string, port: number, request?: TestRequest | null): Promise<Result<Tested>>;
  end(): void;
}

export interface PrepareWork {
  readonly routes: WantedRoutes;
  readonly withProxy: boolean;
}

export interface TestRequest {
  readonly as: 'http' | 'https';
  readonly name: string;
}

export interface ConnectWork extends NameChoices {
  readonly routes: WantedRoutes;
  readonly mappings: readonly Mapping[];
  readonly agent: AgentTarget;
  readonly names: boolean;
  readonly withProxy: boolean;
  readonly known: Known;
}

/**
 * `changed` is called for flows; what listens to the engine does what other events need. `group` is one for all of a core.
 * `hasOwnWay`: this computer need not go there by the tunnel.
 */
export function createEngineWork(
  ports: Ports,
  group: string,
  changed: () => void,
  hasOwnWay: (host: string) => boolean,
): EngineWork {
  let link: EngineLink | null = null;
  let protectedAddresses: string[] = [];
  /** Of the last engine: programs hold sockets of them, which an engine in its place can end. */
  let addresses: SessionAddresses[] = [];
  let scope: NameScope | null = null; // of this engine, without what the clusters share
  let sharing: Partial<NameSharing> = {};
  /** Of the last engine: programs are configured for it. */
  let proxy: EngineProxy | null = null;
  let scopeSent = '';
  let isEverElsewhere = true;
  let endpoints = createEndpointTelling();
  let hosts = createHostTelling();
  let targetsSent = '';
  let directSent = '[]';
  let nextQuestion = 1;
  const tests: Waiting<Tested> = new Map();
  const reachChecks: Waiting<readonly ReachCheck[]> = new Map();

  const send = (command: EngineCommand) => link?.send(command);
  const shared = (of: NameScope): NameScope => ({
    ...of,
    ...(sharing.suffix ? { suffix: sharing.suffix } : {}),
    ...(sharing.clusters?.length ? { clusters: [...sharing.clusters] } : {}),
    ...(sharing.namesElsewhere ? { namesElsewhere: true } : {}),
  });
  const sendScope = () => {
    const next = scope === null ? null : shared(scope);
    if (next !== null && JSON.stringify(next) !== scopeSent) {
      scopeSent = JSON.stringify(next);
      isEverElsewhere &&= next.namesElsewhere === true;
      send({ command: 'scope', scope: next });
    }
  };
  const flows = createFlowWatch(ports.clock, send, changed);

  const sendHosts = (catalogue: Catalogue | null, pods: readonly string[]) => {
    for (const change of catalogue === null ? [] : hosts.messages(catalogue, pods)) {
      send({ command: 'hosts', hosts: change });
    }
  };

  /** A question with an id, and its answer: a problem where none came in time, or no engine runs. */
  function ask<Value>(waiting: Waiting<Value>, question: (id: number) => EngineCommand): Promise<Result<Value>> {
    const id = nextQuestion++;
    return new Promise((resolve) => {
      if (link === null) {
        resolve(failure(problem('engine-ended', cause('noEngine'))));
        return;
      }
      const settle = (result: Result<Value>) => {
        cancel();
        waiting.delete(id);
        resolve(result);
      };
      const cancel = ports.clock.after(answerDeadline, () =>
        settle(failure(problem('tunnel-silent', cause('noAnswerWithin', { time: `${answerDeadline / 1000} s` })))),
      );
      waiting.set(id, settle);
      send(question(id));
    });
  }

  return {
    start: async (heard, ended) => {
      const started = await ports.engine.start();
      if (!started.ok) {
        return started;
      }
      const engine = started.value;
      link = engine;
      scope = null;
      scopeSent = '';
      isEverElsewhere = true;
      endpoints = createEndpointTelling();
      hosts = createHostTelling();
      targetsSent = '';
      directSent = '[]';
      flows.begin();
      engine.listen((event) => {
        if (event.event === 'tested') {
          tests.get(event.tested.id)?.(success(event.tested));
          return;
        }
        if (event.event === 'ready') {
          addresses = event.ready.addresses;
          proxy = event.ready.proxy ?? null;
        }
        if (event.event === 'flows') {
          flows.heard(event.flows);
          return;
        }
        heard(event);
        if (event.event === 'reach') {
          reachChecks.get(event.reach.id ?? 0)?.(success(event.reach.checks));
        }
      });
      void engine.ended.then((because) => {
        link = null;
        flows.ended();
        for (const settle of [...tests.values(), ...reachChecks.values()]) {
          settle(failure(problem('engine-ended', because || cause('ended'))));
        }
        ended(because);
      });
      return success(null);
    },

    prepare: async (cluster, { routes, withProxy }, signal) => {
      protectedAddresses = await cluster.protectedAddresses();
      const wanted = { ...inMessage(routes), protected: protectedAddresses };
      if (withProxy) {
        if (!signal.aborted) {
          send({ command: 'prepare', prepare: { helperSocket: '', withProxy, ...wanted } });
        }
        return success(null);
      }
      // One that nobody uses ends by itself, and the cluster may have had its user log in meanwhile.
      const ensured = await ports.helper.ensure();
      if (!ensured.ok) {
        return ensured;
      }
      if (!signal.aborted) {
        send({ command: 'prepare', prepare: { helperSocket: ports.helper.socket, group, ...wanted } });
      }
      return success(null);
    },

    connect: async (cluster, { routes, mappings, agent, names, withProxy, known, ...chosen }, signal) => {
      const credentials = await cluster.credentials(false);
      if (!credentials.ok || signal.aborted) {
        return credentials.ok ? success(null) : credentials;
      }
      const ownerSecret = await cluster.ownerSecret();
      if (signal.aborted) {
        return success(null);
      }
      scope = scopeOf(known, chosen);
      const told = shared(scope);
      scopeSent = JSON.stringify(told);
      isEverElsewhere &&= told.namesElsewhere === true;
      sendHosts(known.catalogue, []); // ahead of the routes: beside another network they are all that is routed
      send({
        command: 'connect',
        connect: {
          cluster: cluster.address,
          credentials: credentials.value,
          agent,
          ownerSecret,
          ...inMessage(routes),
          ...(mappings.length === 0 ? {} : { mappings: [...mappings] }),
          protected: protectedAddresses,
          scope: told,
          names,
          ...(withProxy ? { proxy: { port: proxy?.port ?? usualProxyPort } } : {}),
          ...(addresses.length === 0 ? {} : { wantedAddresses: addresses }),
        },
      });
      return success(null);
    },

    protect: async (cluster, signal) => {
      const now = await cluster.protectedAddresses();
      const isNews = now.toSorted().join(' ') !== protectedAddresses.toSorted().join(' ');
      if (!signal.aborted && now.length > 0 && isNews) {
        protectedAddresses = now;
        send({ command: 'protect', protect: { protected: now } });
      }
      return success(null);
    },

    send,

    sendCatalogue: (known, chosen, pods) => {
      const { catalogue } = known;
      const targets = reachTargets(catalogue, chosen);
      if (JSON.stringify(targets) !== targetsSent) {
        targetsSent = JSON.stringify(targets);
        send({ command: 'reach', reach: targets });
      }
      scope = scopeOf(known, chosen);
      sendScope();
      sendHosts(catalogue, pods);
      for (const change of catalogue === null ? [] : endpoints.messages(catalogue)) {
        send({ command: 'endpoints', endpoints: change });
      }
    },

    shareNames: (next) => {
      sharing = next;
      sendScope();
    },

    toldNames: () => (scope === null ? null : { elsewhere: sharing.namesElsewhere === true, ever: isEverElsewhere }),

    sendDirect: (candidates) => {
      if (JSON.stringify(candidates) !== directSent) {
        directSent = JSON.stringify(candidates);
        send({ command: 'direct', direct: { candidates: [...candidates] } });
      }
    },

    test: (host, port, request = null) =>
      ask(tests, (id) => ({
        command: 'test',
        test: {
          id,
          host,
          port,
          ...(request === null ? {} : { request: request.as, name: request.name }),
          ...(hasOwnWay(host) ? { ownWay: true } : {}),
        },
      })),

    checkReach: () => ask(reachChecks, (id) => ({ command: 'checkReach', checkReach: { id } })),

    proxy: () => proxy,

    flows,

    end: () => {
      const engine = link;
      if (engine === null) {
        return;
      }
      engine.send({ command: 'stop' });
      const cancel = ports.clock.after(stopDeadline, () => void engine.end(endDeadline));
      void engine.ended.then(cancel);
    },
  };
}
