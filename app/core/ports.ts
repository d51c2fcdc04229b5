/**
 * What the core needs of the world. Adapters do it for real, fakes stand in for it; both pass the same port tests
 * (app/fakes/port-tests). Nothing here throws: problems come back as results.
 */
import type {
  ActivityEntry,
  Agent,
  AgentPodChoices,
  BenchStep,
  Caller,
  Cause,
  Context,
  ContextPart,
  ExecPlugin,
  HelperProgram,
  HelperState,
  Path,
  PathCandidate,
  PathFigures,
  Pod,
  Problem,
  RangeOrigin,
  Result,
  Service,
  Settings,
  Wanted,
} from '../contract/index.ts';
import type { AgentTarget, ClusterAddress, ClusterCredentials, EngineCommand, EngineEvent } from './engine-messages.ts';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls once after the delay in milliseconds; what it returns cancels it. */
  after(milliseconds: number, call: () => void): () => void;
}

export interface Log {
  /** Names, addresses and tokens belong to debug only, tokens not even there. */
  debug(message: string, facts?: Readonly<Record<string, unknown>>): void;
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warning(message: string, facts?: Readonly<Record<string, unknown>>): void;
}

export interface ListedContexts {
  readonly contexts: Context[];
  /** Files that cannot be read. */
  readonly problems: Problem[];
  /** What is odd in those that can. */
  readonly warnings: Problem[];
}

/** Enough to tell later whether somebody is the same caller, and to read the same files. Holds no value of a variable. */
export interface CallerMark {
  readonly kubeconfigs: readonly string[]; // absolute
  readonly isExplicit: boolean; // as Caller
  readonly salt: string;
  readonly variables: Readonly<Record<string, string>>; // name and keyed digest
}

export interface KubeconfigPort {
  /** The same port for a caller: with its files, its environment for plugins and proxies, in its folder. */
  as(caller: Caller): KubeconfigPort;
  /** The same port with the files that the caller of this mark meant, and the core's own environment. */
  withFilesOf(mark: CallerMark): KubeconfigPort;
  /** Whom this port acts for. */
  mark(): Promise<CallerMark>;
  /** Names of variables that make this port's caller another one than the mark's; sorted, none where it is the same. */
  differencesFrom(mark: CallerMark): Promise<readonly string[]>;

  /** Contexts of all files in force (KUBECONFIG as a list, else ~/.kube/config, plus `files`). Runs no program. */
  listContexts(files: readonly string[]): Promise<ListedContexts>;
  /** Calls when a file in force changed. Returns what ends the watch. */
  watch(files: readonly string[], changed: () => void): () => void;
  /**
   * Prepares talking to a context's cluster. Runs no program: credentials are asked for later. `context-changed` where
   * the files now say something else than the context's digest stands for. What was compared is what is used, then and
   * at every later renewal: the files are not asked again where the cluster is and which program logs in.
   */
  open(context: Context): Promise<Result<ClusterPort>>;
  /** What the context's plugin gets in its environment besides what everything gets; `context-changed` as above. */
  pluginEnvironment(context: Context): Promise<Result<readonly { readonly name: string; readonly value: string }[]>>;
}

/** Kubeconfigs that the user adds: looked at before anything is kept. */
export interface KubeconfigFilesPort {
  /** The file as it will be read: absolute. A problem where it is no kubeconfig with at least one context. */
  check(path: string): Promise<Result<{ file: string }>>;
  /** Keeps a text as a file of ours, mode 0600, under a name like the given one; checked likewise first. */
  keep(name: string, text: string): Promise<Result<{ file: string }>>;
  /** Deletes a file that keep() made; any other is left alone. */
  forget(file: string): Promise<Result<null>>;
}

export interface Range {
  readonly prefix: string;
  readonly kind: 'services' | 'pods' | 'extra';
  readonly origin: RangeOrigin;
  /** This computer reaches it by itself, as a node of the cluster. */
  readonly isHere?: boolean;
  /** Addresses of the cluster's nodes, where they may be listed. */
  readonly nodes?: readonly string[];
}

/**
 * Sorted by namespace and name. A Service is never changed in place, and a watch keeps one that did not change the same
 * object, however often it tells.
 */
export interface Catalogue {
  readonly namespaces: readonly string[];
  readonly services: readonly Service[];
  /** What could not be read, each with the Role to ask for. */
  readonly problems: readonly Problem[];
}

/** Sorted and kept as a catalogue's Services are. */
export interface PodList {
  readonly pods: readonly Pod[];
  /** What could not be read, each with the Role to ask for. */
  readonly problems: readonly Problem[];
}

export interface AgentSpec {
  readonly namespace: string;
  readonly image: string; // empty: send our binary into baseImage
  readonly baseImage: string;
  /** What the user adds to the pod; objections were raised before. */
  readonly pod: AgentPodChoices;
}

export interface AgentPlaced {
  readonly target: AgentTarget;
  readonly agent: Agent;
  /** The node that its pod runs on; empty where that is not known. */
  readonly node: string;
}

/** Where the agent can be tried besides the API server, as far as the cluster says. */
export interface DirectOffer {
  readonly candidates: readonly PathCandidate[]; // the pod's addresses, and with a Service its node's
  /** Why there is no Service though one was asked for. */
  readonly problems: readonly Problem[];
  /** The agent's node may not be read, so that only what the pod says of it is known. */
  readonly nodeUnread: boolean;
}

/** One cluster as one user sees it. `close` ends informers, renewals and connections, and deletes nothing. */
export interface ClusterPort {
  readonly address: ClusterAddress;
  /** Addresses that no route may cover: the API server's and its proxy's, resolved now. */
  protectedAddresses(): Promise<string[]>;
  /**
   * By which this cluster's agents know the engines of this core: 32 bytes in hexadecimal, the same after a crash, and another
   * one for each API server and each core. Not for logs.
   */
  ownerSecret(): Promise<string>;
  /** The exec plugin that credentials() would run, if any. */
  readonly execPlugin: ExecPlugin | null;
  /** Runs the exec plugin where there is one (the caller has checked that it is trusted); cached until it expires. */
  credentials(refresh: boolean): Promise<Result<ClusterCredentials>>;
  /**
   * Tells what a plugin says while it waits for its user, else why requests wait for a busy API server, and null when nothing
   * is waited for any more; to the latest listener only.
   */
  watchWaiting(listener: (detail: Cause | null) => void): void;
  /** One cheap authenticated request; answers the server's version and how far its clock is from ours. */
  reach(): Promise<Result<{ version: string; clockSkewMilliseconds: number }>>;
  /**
   * Where everything is looked for that may not be seen in the whole cluster, from now on: ranges, lists, what is watched.
   * The kubeconfig's namespace before it is called.
   */
  lookInto(namespace: string): void;
  discoverRanges(): Promise<Result<Range[]>>;
  listNamespaces(): Promise<Result<{ namespaces: string[]; complete: boolean }>>;
  /** Names of the headless Services of one namespace, sorted: what short names need besides the namespaces. */
  listHeadless(namespace: string): Promise<Result<readonly string[]>>;
  /** Lists once. `namespaces` empty means all that may be seen. */
  listCatalogue(namespaces: readonly string[]): Promise<Result<Catalogue>>;
  /** Informers on namespaces, Services and EndpointSlices; they survive 410 and disconnects. */
  watchCatalogue(listener: (catalogue: Catalogue) => void): () => void;
  /** Lists once. `namespaces` empty means all that may be seen. */
  listPods(namespaces: readonly string[]): Promise<Result<PodList>>;
  /** An informer on pods; it survives 410 and disconnects. Costs the API server a list and a watch: only while somebody looks. */
  watchPods(listener: (pods: PodList) => void): () => void;
  /**
   * Makes the agent and waits until its process runs. `progress` hears the pod's own reasons. Renews the Job's
   * deadline until deleteAgent or close. Aborted: deletes what it made.
   */
  placeAgent(
    spec: AgentSpec,
    progress: (detail: Cause | string) => void,
    signal: AbortSignal,
  ): Promise<Result<AgentPlaced>>;
  /** True while the pod runs; false when it is gone or ended. */
  agentLives(placed: AgentPlaced): Promise<Result<boolean>>;
  /** Why the agent's process ended, with its last words; null while it runs and where that cannot be told. */
  agentEnd(placed: AgentPlaced): Promise<Result<Problem | null>>;
  /** Names of the NetworkPolicies of its namespace that restrict what the agent's pod may send (policyTypes: Egress). */
  policiesOf(placed: AgentPlaced): Promise<Result<readonly string[]>>;
  /**
   * Domains that the cluster's nameservers know besides its own `clusterDomain`, as far as their configuration may be read:
   * sorted, at most twenty, each fit for the setting `extraDomains`. Only to be offered.
   */
  stubDomains(clusterDomain: string): Promise<Result<readonly string[]>>;
  /**
   * Where the agent can be reached directly. With `nodePort`, which is the user's word, a Service for exactly its pod is made
   * where it is not there; without it one that was made is deleted. One at a time, in order.
   */
  offerDirect(placed: AgentPlaced, nodePort: boolean): Promise<Result<DirectOffer>>;
  /** Deletes the Job with background propagation, and with it all that it owns. */
  deleteAgent(placed: AgentPlaced): Promise<Result<null>>;
  /**
   * Which of the rights that Slipway uses are there (SelfSubjectAccessReview); missing ones as problems: severity
   * error where there is no connection without it, warning where something else is lost. Facts: verb, resource, namespace.
   */
  checkRights(namespace: string): Promise<Result<Problem[]>>;
  /** Agents that this laptop's records or the label of this namespace show: ours by name, and how many of others. */
  findAgents(namespace: string): Promise<Result<{ ours: string[]; others: number }>>;
  close(): void;
}

export interface EngineLink {
  send(command: EngineCommand): void;
  /** Every event after the hello, in order. */
  listen(listener: (event: EngineEvent) => void): void;
  /** Settles when the process ended, with why; empty after a stop that was asked for. */
  readonly ended: Promise<string>;
  /** Closes its standard input, which makes it undo everything and end; kills it after the deadline. */
  end(deadlineMilliseconds: number): Promise<void>;
  readonly processId: number;
}

export interface EnginePort {
  /** Starts the engine and exchanges hellos. */
  start(): Promise<Result<EngineLink>>;
}

export interface HelperPort {
  /** Path of the helper's socket. */
  readonly socket: string;
  /** What ensure() starts as root. */
  readonly program: HelperProgram;
  state(): Promise<HelperState>;
  /**
   * Makes sure that a helper serves this user: an installed or running one, else started as root directly, else
   * through pkexec where there is a desktop. Never asks on a terminal: the CLI does that before it connects.
   */
  ensure(): Promise<Result<{ build: string }>>;
}

/** What a context said at a moment. Parts hold no secret. */
export interface Seen {
  readonly digest: string;
  readonly parts: readonly ContextPart[];
}

/** What was confirmed. Without parts: by a version whose digest said less. */
export type Confirmation = Seen | { readonly digest: string; readonly parts: null };

/** What the user did with a context. */
export interface ContextRecord {
  readonly context: string;
  readonly file: string;
  readonly confirmed: Confirmation | null;
  /** What it said when it was last switched on, which counts for restoring it; null where it never was. */
  readonly used: Seen | null;
  /** Who switched it on last, where that is known. */
  readonly caller?: CallerMark | null | undefined;
  readonly lastUsedAt: number | null; // milliseconds since the epoch
}

export interface StorePort {
  settings(): Promise<Result<Settings>>;
  saveSettings(settings: Settings): Promise<Result<null>>;
  wanted(): Promise<Wanted[]>;
  saveWanted(wanted: readonly Wanted[]): Promise<Result<null>>;
  trustedExecPlugins(): Promise<string[]>;
  trustExecPlugin(digest: string): Promise<Result<null>>;
  contextRecords(): Promise<ContextRecord[]>;
  saveContextRecords(records: readonly ContextRecord[]): Promise<Result<null>>;
}

/** Asks resolvers as programs do. Each answer comes within its deadline. */
export interface ResolverProbe {
  /**
   * IPv4 and IPv6 addresses of a name; none where it does not exist. `resolver` is an address, with a port behind it
   * where it is not 53; empty asks the system's own way, which every program takes.
   */
  ask(resolver: string, name: string): Promise<Result<readonly string[]>>;
}

/** What of ours the laptop shows by itself, without the helper. Null: this system cannot be asked so. */
export interface LaptopTraces {
  readonly interfaces: readonly string[] | null;
  readonly routes: readonly string[] | null;
  /** Nameservers of ours in the resolver's configuration. */
  readonly resolvers: readonly string[] | null;
}

export interface LaptopProbe {
  traces(): Promise<LaptopTraces>;
  /** Names of all interfaces, whether they are up or not; none where this system cannot be asked so. */
  interfaces(): Promise<readonly string[]>;
}

/** What a report is made of besides the core's own state, and what has to be replaced in it. Not redacted yet. */
export interface ReportSources {
  /** The system, the runtime, the laptop's kind: name and value. */
  readonly system: Readonly<Record<string, string>>;
  /** The ends of our logs. */
  readonly logs: readonly { readonly name: string; readonly text: string }[];
  readonly home: string;
  readonly user: string;
  readonly hostName: string;
}

export interface ReportPort {
  sources(): Promise<ReportSources>;
  /**
   * Writes a zip with these files in one folder, mode 0600. `path` is a file to make, or a folder; empty: the user's
   * downloads. Nothing is overwritten. Answers where it is.
   */
  write(
    path: string,
    files: readonly { readonly name: string; readonly text: string }[],
  ): Promise<Result<{ path: string }>>;
}

/** The sandbox of this clone. Aborted, either leaves nothing half. `fraction` is null where it cannot be told. */
export interface SandboxPort {
  start(
    progress: (text: string, fraction: number | null) => void,
    signal: AbortSignal,
  ): Promise<Result<{ kubeconfig: string }>>;
  stop(
    progress: (text: string, fraction: number | null) => void,
    signal: AbortSignal,
  ): Promise<Result<{ kubeconfig: string }>>;
}

/** What happened, kept for the next core. Old entries may be forgotten, never the newest ones. */
export interface ActivityStorePort {
  /** Oldest first. */
  read(): Promise<ActivityEntry[]>;
  append(entries: readonly ActivityEntry[]): Promise<Result<null>>;
}

/** What of a connection is measured. */
export interface BenchSubject {
  readonly path: Path;
  /** The tunnel's address at which names are asked, and the agent answers. */
  readonly resolver: string;
  readonly clusterDomain: string;
}

export interface BenchPort {
  /**
   * Measures the way to the agent and back by sockets of a process of its own, each transfer for so many milliseconds at
   * most. `heard` hears what is measured next, with what is known by then. Aborted, nothing of it is left; it ends with this
   * process, too.
   */
  measure(
    subject: BenchSubject,
    transferMilliseconds: number,
    heard: (step: BenchStep, known: PathFigures) => void,
    signal: AbortSignal,
  ): Promise<Result<PathFigures>>;
  /** Of this computer. */
  load(): { readonly load: number; readonly processors: number };
}

export interface Ports {
  readonly bench: BenchPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly kubeconfig: KubeconfigPort;
  readonly kubeconfigFiles: KubeconfigFilesPort;
  readonly engine: EnginePort;
  readonly helper: HelperPort;
  readonly store: StorePort;
  readonly activity: ActivityStorePort;
  readonly resolverProbe: ResolverProbe;
  readonly laptopProbe: LaptopProbe;
  readonly report: ReportPort;
  readonly sandbox: SandboxPort;
}
