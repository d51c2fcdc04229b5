/**
 * A cluster without a network: namespaces, Services and endpoints that a script changes, agents that are placed, die
 * and are deleted, credentials that expire, and an API server that can go away.
 */
import {
  type Cause,
  cause,
  compareServiceKeys,
  failure,
  type PathOutcome,
  type Pod,
  type Problem,
  problem,
  type Result,
  type Service,
  success,
} from '../contract/index.ts';
import { type AgentTarget, agentPort, type ClusterAddress, type ClusterCredentials } from '../core/engine-messages.ts';
import type { AgentPlaced, AgentSpec, Catalogue, ClusterPort, DirectOffer, PodList, Range } from '../core/ports.ts';
import { podsBehind } from './believable-pods.ts';
import { offerOf } from './direct.ts';
import { type Faults, unlessPlanned } from './faults.ts';
import { isSame } from './same-list.ts';
import { service } from './service.ts';

/** Changes of this time become one catalogue, as with the real one. Milliseconds. */
const gatheringTime = 150;

export class FakeCluster {
  /** Whoever hears that requests wait for a busy API server. */
  tellWaiting: (detail: Cause | null) => void = () => {};
  /** What a plugin says that waits for a login; empty where none does. */
  login = '';
  readonly server = 'https://kubernetes.example.org:6443';
  serverAddress = '203.0.113.10';
  readonly ownerSecret = '5e'.repeat(32);
  namespaces = ['default', 'dev', 'infra', 'webshop'];
  services: Service[] = [service('webshop', 'orders', '10.96.41.7', ['10.244.0.12', '10.244.1.9'])];
  pods: Pod[] = podsBehind(this.services, 0);
  podProblems: Problem[] = [];
  /** What its nameservers know besides its own domain. */
  stubDomains: string[] = [];
  /** Lists of pods that are watched: nobody looks, nobody asks. */
  podWatches = 0;
  /** How often pods were listed. */
  podLists = 0;
  ranges: Range[] = [
    { prefix: '10.96.0.0/16', kind: 'services', origin: 'service-cidr' },
    { prefix: '10.244.0.0/24', kind: 'pods', origin: 'node-pod-cidr' },
    { prefix: '10.244.1.0/24', kind: 'pods', origin: 'node-pod-cidr' },
  ];
  /** What it calls itself. */
  domain = 'cluster.local';
  mayListNamespaces = true;
  /** Where the latest port looks into what may not be seen in the whole cluster. */
  lookedInto = 'webshop';
  missingRights: Problem[] = [];
  /** Why agents ended, by pod. */
  readonly crashes = new Map<string, Problem>();
  /** NetworkPolicies that restrict what agents may send; null: they may not be read. */
  policies: string[] | null = [];
  catalogueProblems: Problem[] = [];
  /** While not, who watches it hears nothing, as where there are thousands of Services. */
  isCatalogueRead = true;
  clockSkew = 0;
  version = 'v1.34.0';
  /** The token that the API server takes; credentials(true) fetches it. */
  token = 'token-1';

  /** Agents by pod name: true while its process runs. An entry is a Job with its pod. */
  readonly agents = new Map<string, boolean>();
  timesPlaced = 0;
  /** Where the next agent is placed. */
  agentNode = 'node-0';
  /** Its agents' own addresses. */
  agentAddresses: string[] = ['10.244.0.77'];
  /** What the pod says of its node. */
  nodeAddresses: string[] = ['10.1.2.3'];
  /** Pods that have a Service of type NodePort. */
  readonly directServices = new Set<string>();
  /** What such a Service is refused with; null: it is made. */
  directRefusal: Problem | null = null;
  nodeUnread = false;
  /** What comes of trying a place, by its host; a pod's addresses are inside the tunnel and everything else works where nothing is said. */
  readonly ways = new Map<string, PathOutcome>();
  /** Agents of other laptops. */
  agentsOfOthers = 0;
  /** What dialling `address:port` ends with; everything else is accepted. */
  readonly refusals = new Map<string, Problem>();
  openPorts = 0;
  readonly #listeners = new Set<() => void>();
  #isReachable = true;

  /** Hears that something about the cluster changed: its reach, its agents, its catalogue. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  set isReachable(isReachable: boolean) {
    this.#isReachable = isReachable;
    this.changed();
  }

  /** Deletes every agent, as an administrator would. */
  deleteAgents(): void {
    this.agents.clear();
    this.directServices.clear(); // they are owned by the pods
    this.changed();
  }

  catalogue(namespaces: readonly string[] = []): Catalogue {
    const isWanted = (namespace: string) => namespaces.length === 0 || namespaces.includes(namespace);
    return {
      namespaces: this.mayListNamespaces ? [...this.namespaces] : [this.lookedInto],
      services: this.services.filter((candidate) => isWanted(candidate.namespace)).sort(compareServiceKeys),
      problems: [...this.catalogueProblems],
    };
  }

  podList(namespaces: readonly string[] = []): PodList {
    const isWanted = (namespace: string) => namespaces.length === 0 || namespaces.includes(namespace);
    return {
      pods: this.pods.filter((candidate) => isWanted(candidate.namespace)).sort(compareServiceKeys),
      problems: [...this.podProblems],
    };
  }
}

/** One user's view of the fake cluster. */
export class FakeClusterPort implements ClusterPort {
  readonly address: ClusterAddress;
  readonly execPlugin;
  readonly #cluster: FakeCluster;
  readonly #faults: Faults;
  readonly #missingRights: readonly Problem[];
  #token: string;
  #isClosed = false;
  #tellWaiting: (detail: Cause | null) => void = () => {};
  readonly #endings: (() => void)[] = [];

  constructor(
    cluster: FakeCluster,
    faults: Faults,
    execPlugin: ClusterPort['execPlugin'],
    missingRights: readonly Problem[] = [],
  ) {
    this.#cluster = cluster;
    this.#faults = faults;
    this.#missingRights = missingRights;
    this.execPlugin = execPlugin;
    this.address = { server: cluster.server };
    this.#token = cluster.token;
    cluster.openPorts += 1;
  }

  async protectedAddresses(): Promise<string[]> {
    const fault = await this.#faults.pass('protectedAddresses');
    return fault === null ? [this.#cluster.serverAddress] : [];
  }

  readonly ownerSecret = async () => this.#cluster.ownerSecret;

  credentials(refresh: boolean): Promise<Result<ClusterCredentials>> {
    const answered = unlessPlanned<ClusterCredentials>(this.#faults, 'credentials', () => {
      if (refresh) {
        this.#token = this.#cluster.token;
      }
      return success({ bearerToken: this.#token });
    });
    if (this.#cluster.login !== '') {
      this.#tellWaiting(cause('pluginWaits', { said: this.#cluster.login }));
    }
    // A plugin that hangs ends with whoever asked, and says nothing from then on.
    const stopped = new Promise<Result<ClusterCredentials>>((resolve) => {
      const stop = () => {
        this.#tellWaiting(null);
        resolve(failure(problem('exec-failed', 'it was stopped because it was no longer needed')));
      };
      if (this.#isClosed) {
        stop();
      } else {
        this.#endings.push(stop);
      }
    });
    return Promise.race([answered, stopped]);
  }

  watchWaiting(listener: (detail: Cause | null) => void): void {
    this.#tellWaiting = listener;
    this.#cluster.tellWaiting = listener;
  }

  reach(): Promise<Result<{ version: string; clockSkewMilliseconds: number }>> {
    return this.#ask('reach', () =>
      success({ version: this.#cluster.version, clockSkewMilliseconds: this.#cluster.clockSkew }),
    );
  }

  lookInto(namespace: string): void {
    this.#cluster.lookedInto = namespace;
  }

  discoverRanges(): Promise<Result<Range[]>> {
    return this.#ask('discoverRanges', () => success([...this.#cluster.ranges]));
  }

  listNamespaces(): Promise<Result<{ namespaces: string[]; complete: boolean }>> {
    const { mayListNamespaces } = this.#cluster;
    return this.#ask('listNamespaces', () =>
      success({
        namespaces: mayListNamespaces ? [...this.#cluster.namespaces] : [this.#cluster.lookedInto],
        complete: mayListNamespaces,
      }),
    );
  }

  listHeadless(namespace: string): Promise<Result<readonly string[]>> {
    const headless = () => this.#cluster.catalogue([namespace]).services.filter((one) => one.headless);
    return this.#ask('listHeadless', () => success(headless().map(({ name }) => name)));
  }

  listCatalogue(namespaces: readonly string[]): Promise<Result<Catalogue>> {
    return this.#ask('listNamespaces', () => success(this.#cluster.catalogue(namespaces)));
  }

  watchCatalogue(listener: (catalogue: Catalogue) => void): () => void {
    return this.#watch(() => (this.#cluster.isCatalogueRead ? this.#cluster.catalogue() : null), listener);
  }

  listPods(namespaces: readonly string[]): Promise<Result<PodList>> {
    this.#cluster.podLists += 1;
    return this.#ask('listNamespaces', () => success(this.#cluster.podList(namespaces)));
  }

  watchPods(listener: (pods: PodList) => void): () => void {
    this.#cluster.podWatches += 1;
    const end = this.#watch(() => this.#cluster.podList(), listener);
    let isOver = false;
    const endOnce = () => {
      this.#cluster.podWatches -= isOver ? 0 : 1;
      isOver = true;
      end();
    };
    this.#endings.push(endOnce);
    return endOnce;
  }

  #watch<List extends Catalogue | PodList>(read: () => List | null, listener: (list: List) => void): () => void {
    let last: List | null = null;
    let isGathering = false;
    let isOver = false;
    const tell = () => {
      if (isOver || isGathering || !this.#cluster.isReachable || this.#isClosed) {
        return;
      }
      const list = read();
      if (list === null || (last !== null && isSame(last, list))) {
        return;
      }
      last = list;
      isGathering = true;
      void this.#faults.wait(gatheringTime).then(() => {
        isGathering = false;
        tell();
      });
      listener(list);
    };
    const unlisten = this.#cluster.listen(tell);
    void this.#faults.wait(1).then(tell);
    const end = () => {
      isOver = true;
      unlisten();
    };
    this.#endings.push(end);
    return end;
  }

  async placeAgent(
    spec: AgentSpec,
    progress: (detail: Cause | string) => void,
    signal: AbortSignal,
  ): Promise<Result<AgentPlaced>> {
    const refused = this.#unreachable();
    if (refused !== null) {
      return refused;
    }
    this.#cluster.timesPlaced += 1;
    const pod = `slipway-agent-${this.#cluster.timesPlaced}`;
    this.#cluster.agents.set(pod, false);
    progress(cause('waitingForNode'));
    const placed = this.#faults.pass('placeAgent');
    const aborted = new Promise<'aborted'>((resolve) => {
      if (signal.aborted) {
        resolve('aborted');
      }
      signal.addEventListener('abort', () => resolve('aborted'), { once: true });
    });
    let fault: Awaited<typeof placed> | 'aborted';
    try {
      fault = await Promise.race([placed, aborted]);
    } catch (error) {
      this.#cluster.agents.delete(pod);
      throw error;
    }
    if (fault !== null) {
      await this.#faults.wait(1);
      this.#cluster.agents.delete(pod);
      return fault === 'aborted' ? failure(problem('agent-gone', 'placing it was aborted')) : fault;
    }
    this.#cluster.agents.set(pod, true);
    const target: AgentTarget = { namespace: spec.namespace, pod, port: agentPort };
    const delivery = spec.image === '' ? 'sent' : 'image';
    const image = spec.image || spec.baseImage;
    return success({
      target,
      agent: { namespace: spec.namespace, pod, build: 'fake-build', delivery, image },
      node: this.#cluster.agentNode,
    });
  }

  agentLives(placed: AgentPlaced): Promise<Result<boolean>> {
    return this.#ask('agentLives', () => success(this.#cluster.agents.get(placed.target.pod) === true));
  }

  agentEnd(placed: AgentPlaced): Promise<Result<Problem | null>> {
    return this.#ask('agentEnd', () => success(this.#cluster.crashes.get(placed.target.pod) ?? null));
  }

  async policiesOf(): Promise<Result<readonly string[]>> {
    const { policies } = this.#cluster;
    return policies === null
      ? failure(problem('forbidden', 'may not', { verb: 'list', resource: 'networkpolicies' }))
      : success([...policies]);
  }

  stubDomains(clusterDomain: string): Promise<Result<readonly string[]>> {
    const found = this.#cluster.stubDomains.filter((domain) => domain !== clusterDomain);
    return this.#ask('stubDomains', () => success(found.toSorted()));
  }

  offerDirect({ target: { pod } }: AgentPlaced, nodePort: boolean): Promise<Result<DirectOffer>> {
    return this.#ask('offerDirect', () => offerOf(this.#cluster, pod, nodePort));
  }

  deleteAgent(placed: AgentPlaced): Promise<Result<null>> {
    return this.#ask('deleteAgent', () => {
      this.#cluster.directServices.delete(placed.target.pod);
      this.#cluster.agents.delete(placed.target.pod);
      this.#cluster.changed();
      return success(null);
    });
  }

  checkRights(): Promise<Result<Problem[]>> {
    return this.#ask('checkRights', () => success([...this.#cluster.missingRights, ...this.#missingRights]));
  }

  findAgents(): Promise<Result<{ ours: string[]; others: number }>> {
    return this.#ask('findAgents', () =>
      success({
        ours: [...this.#cluster.agents.keys()].map((pod) => `webshop/${pod}`),
        others: this.#cluster.agentsOfOthers,
      }),
    );
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#cluster.openPorts -= 1;
      for (const end of this.#endings) {
        end();
      }
    }
  }

  #ask<Value>(operation: Parameters<Faults['pass']>[0], answer: () => Result<Value>): Promise<Result<Value>> {
    return unlessPlanned(this.#faults, operation, () => this.#unreachable() ?? answer());
  }

  #unreachable(): { ok: false; problem: Problem } | null {
    return this.#cluster.isReachable ? null : failure(problem('api-unreachable', 'connection refused'));
  }
}
