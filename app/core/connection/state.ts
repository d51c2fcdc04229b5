/**
 * What the connection machine knows and says: its state, the events that it hears and the effects that it asks
 * for. Plain data without secrets: credentials stay with the runner, so that a state may be logged.
 */
import type {
  Agent,
  AgentPodChoices,
  Cause,
  Cluster,
  Counters,
  DirectPath,
  Names,
  Path,
  PathCandidate,
  Problem,
  ProxyInForce,
  Result,
  Route,
  Step,
  StepDone,
  Wanted,
} from '../../contract/index.ts';
import type { AgentTarget, EngineEvent, PathInForce, RefusedFlows } from '../engine-messages.ts';
import type { AgentPlaced, AgentSpec, DirectOffer, Range } from '../ports.ts';
import type { Mapping, WantedRange, WantedRoutes } from '../route-messages.ts';
import type { Mapped } from '../routing/mapped.ts';
import type { RangePlan } from '../routing/plan.ts';
import type { Reach } from './reach.ts';

/** Settings that the machine decides by. */
export interface Policy {
  readonly recover: boolean;
  /** False: addresses are routed and names are left alone. Heard at the next connect. */
  readonly names: boolean;
  readonly extraRanges: readonly string[];
  readonly excludedRanges: readonly string[];
  readonly routedRanges: readonly string[];
  readonly narrowedRanges: readonly string[];
  readonly mappedRanges: readonly string[];
  /** The domain that the user lets this cluster answer for as a whole; empty: none. */
  readonly answersFor: string;
  readonly extraDomains: readonly string[];
  /** Ways to the agent besides the API server; changes are heard at once. */
  readonly directPath: DirectPath;
  readonly directAddress: string;
  /** What the user adds to the agent's pod. Heard when one is made. */
  readonly agentPod: AgentPodChoices;
}

/** What exists outside because of us. Undoing is over when the engine and the agent are `none`. */
export interface Held {
  readonly cluster: 'none' | 'opening' | 'open';
  readonly engine: 'none' | 'starting' | 'running' | 'ending';
  readonly agent:
    | { readonly state: 'none' }
    | { readonly state: 'placing' }
    | { readonly state: 'placed'; readonly placed: AgentPlaced }
    | { readonly state: 'deleting' };
  /** `changed` from the moment that the engine was told to connect until it says that it undid everything. */
  readonly host: 'clean' | 'changed';
}

/** Tasks of the bring-up that are not visible in Held. */
export type Task = 'reach' | 'ranges' | 'catalogue' | 'helper' | 'prepare' | 'connect';
export type TaskState = 'todo' | 'running' | 'done';

/** What is done and known on the way to `connected`. */
export interface BringUp {
  readonly tasks: Readonly<Record<Task, TaskState>>;
  readonly begun: Readonly<Partial<Record<Step, number>>>;
  readonly done: readonly StepDone[];
  readonly detail: Cause | string; // of the agent's step
  readonly waiting: Cause | null; // for a busy API server
  readonly notBefore: number; // helper and engine are not started earlier
  readonly plan: RangePlan | null;
  readonly mapped: Mapped;
  readonly routes: readonly Route[];
}

/** What makes a connection less than whole, by where it was learnt. */
export interface Warnings {
  readonly cluster: readonly Problem[]; // rights and clock, from the preflight
  readonly ranges: readonly Problem[];
  readonly catalogue: readonly Problem[];
  readonly engine: readonly Problem[]; // names and ping
  readonly reach: readonly Problem[]; // what does not get there, from the reach check
  readonly credentials: readonly Problem[];
  readonly limits: readonly Problem[]; // what the agent refuses for want of something
  readonly direct: readonly Problem[]; // what the cluster refuses of a direct path that was asked for
}

/** What the agent refused: counts as the engine said them last, and when each grew last (0: never). */
export interface RefusalsSeen {
  readonly counted: RefusedFlows;
  readonly grewAt: RefusedFlows;
}

/** What is known of the direct path. */
export interface Direct {
  /** Null before the engine said anything of it. */
  readonly said: PathInForce | null;
  /** The agent's node may not be read: there may be addresses of it that are not tried. */
  readonly nodeUnread: boolean;
}

/** What is in force. */
export interface Live {
  readonly since: number;
  readonly interface: string;
  /** Null where programs come by an interface. */
  readonly proxy: ProxyInForce | null;
  readonly path: Path;
  readonly direct: Direct;
  readonly routes: readonly Route[];
  readonly names: Names;
  readonly agent: Agent;
  readonly roundTripMicroseconds: number;
  /** Since the connection was made, over all its engines. */
  readonly counters: Counters;
  /** What the engines before the present one carried. */
  readonly countersBefore: Counters;
  readonly refusals: RefusalsSeen;
  readonly done: readonly StepDone[];
  readonly plan: RangePlan;
  readonly mapped: Mapped;
  /** The plan that the engine's last word was about; another one than above while its answer is awaited. */
  readonly agreed: { readonly plan: RangePlan; readonly mapped: Mapped };
  /** Why the user's word on ranges is not in force; null where it is. */
  readonly unheard: Problem | null;
  readonly cataloguePending: boolean; // a timer will send it
  readonly reach: Reach;
  /** What the cluster's nameservers know besides its own domain: offered, never taken. */
  readonly stubDomains: readonly string[];
}

/** Where a bring-up ended: the step, how long it took in milliseconds, and those before it. */
export interface FailedStep {
  readonly step: Step;
  readonly milliseconds: number;
  readonly done: readonly StepDone[];
}

/** Where undoing leads. */
export type Afterwards =
  | { readonly to: 'off'; readonly last: Problem | null }
  | ({ readonly to: 'failed'; readonly because: Problem } & FailedStep)
  | { readonly to: 'on'; readonly order: Order };

/** What turnedOn asks for. `restored`: wanted from an earlier run, so that failing is no answer to anyone. */
export interface Order {
  readonly wanted: Wanted;
  readonly cluster: Cluster;
  readonly policy: Policy;
  readonly restored: boolean;
}

interface Common {
  readonly wanted: Wanted;
  readonly cluster: Cluster;
  readonly policy: Policy;
  /** True once it was connected or restored: from then on transient problems are retried without asking. */
  readonly persistent: boolean;
  readonly held: Held;
  readonly warnings: Warnings;
  readonly attempt: number;
  readonly leftOnHost: number;
}

export interface Off extends Common {
  readonly phase: 'off';
  readonly last: Problem | null;
}
export interface Preparing extends Common {
  readonly phase: 'preparing';
  readonly startedAt: number;
  readonly bringUp: BringUp;
}
export interface Connected extends Common {
  readonly phase: 'connected';
  readonly live: Live;
}
/** What a connection that was lost remembers. Frontends see both of its states as `reconnecting`. */
interface Lost extends Common {
  readonly live: Live;
  readonly lostAt: number;
  readonly nextTryAt: number;
  readonly because: Problem;
}
/** The engine lives and looks for its agent: TUN, routes and names are still in force. */
export interface TunnelLost extends Lost {
  readonly phase: 'tunnel-lost';
  /**
   * What is done about the agent. `checking` is whether it lives after the API server said that it is gone, `looking` whether it
   * still does after some dials that failed. `waiting` ends with the retry timer.
   */
  readonly agentWork: 'none' | 'looking' | 'checking' | 'replacing' | 'waiting';
  readonly sameAgentTries: number;
}
/** The engine is gone, and with it what it had on the laptop: another one is brought up. */
export interface EngineLost extends Lost {
  readonly phase: 'engine-lost';
  readonly bringUp: BringUp;
}
export interface Disconnecting extends Common {
  readonly phase: 'disconnecting';
  readonly startedAt: number;
  readonly afterwards: Afterwards;
  readonly inspecting: boolean;
  readonly remark: Problem | null; // what could not be undone in the cluster
}
export interface Failed extends Common, FailedStep {
  readonly phase: 'failed';
  readonly at: number;
  readonly because: Problem;
  readonly retry: 'automatic' | 'offered' | 'pointless';
  readonly nextTryAt: number | null;
}

export type ConnectionState = Off | Preparing | Connected | TunnelLost | EngineLost | Disconnecting | Failed;

/** On the way to `connected`. */
export type ComingUp = Preparing | EngineLost;
/** An engine lives that changed the laptop. */
export type InForce = Connected | TunnelLost;
/** It was connected, and is or comes back. */
export type Established = InForce | EngineLost;

export type Timer = 'retry' | 'deadline' | 'catalogue-send' | 'undo' | 'reach' | 'direct';

export type FailingTask = Task | 'open' | 'engine' | 'agent' | 'agent-check' | 'credentials' | 'protect';

export type ConnectionEvent =
  | ({ readonly kind: 'turnedOn' } & Order)
  | { readonly kind: 'turnedOff' }
  | { readonly kind: 'policyChanged'; readonly policy: Policy }
  /** The context says what was confirmed: what failed because it did not may go on. */
  | { readonly kind: 'contextConfirmed' }
  | { readonly kind: 'homeChosen'; readonly homeNamespace: string }
  | { readonly kind: 'clusterOpened'; readonly cluster: Cluster }
  | { readonly kind: 'clusterReached'; readonly problems: readonly Problem[] }
  | { readonly kind: 'rangesFound'; readonly ranges: readonly Range[] }
  | { readonly kind: 'catalogueSeen'; readonly problems: readonly Problem[] }
  /** The catalogue shows addresses in no range that is known. */
  | { readonly kind: 'rangesOutgrown' }
  /** What the cluster says its ranges are, while connected. */
  | { readonly kind: 'rangesFoundAgain'; readonly ranges: readonly Range[] }
  | { readonly kind: 'helperReady' }
  | { readonly kind: 'engineStarted' }
  | { readonly kind: 'engineSaid'; readonly event: EngineEvent }
  | { readonly kind: 'engineEnded'; readonly because: string }
  /** Requests wait for a busy API server; null: no more. */
  | { readonly kind: 'clusterWaits'; readonly detail: Cause | null }
  | { readonly kind: 'agentDetail'; readonly detail: Cause | string }
  | { readonly kind: 'agentPlaced'; readonly placed: AgentPlaced }
  | { readonly kind: 'agentChecked'; readonly lives: boolean }
  | { readonly kind: 'agentDeleted'; readonly problem: Problem | null }
  | { readonly kind: 'credentialsSent' }
  /** Names of NetworkPolicies that restrict what the agent may send; null where they may not be read. */
  | { readonly kind: 'policiesFound'; readonly policies: readonly string[] | null }
  | { readonly kind: 'stubDomainsFound'; readonly domains: readonly string[] }
  | { readonly kind: 'directOffered'; readonly pod: string; readonly offered: Result<DirectOffer> }
  | { readonly kind: 'taskFailed'; readonly task: FailingTask; readonly problem: Problem }
  /** Null: the helper could not be asked. */
  | { readonly kind: 'hostInspected'; readonly leftOver: number | null }
  | { readonly kind: 'timerDue'; readonly timer: Timer };

export type Effect =
  | { readonly kind: 'openCluster'; readonly wanted: Wanted }
  | { readonly kind: 'reachCluster'; readonly wanted: Wanted }
  | { readonly kind: 'discoverRanges' }
  | { readonly kind: 'discoverRangesAgain' }
  | { readonly kind: 'watchCatalogue' }
  | { readonly kind: 'closeCluster' }
  | { readonly kind: 'ensureHelper' }
  | { readonly kind: 'startEngine' }
  | { readonly kind: 'prepareEngine'; readonly routes: WantedRoutes; readonly withProxy: boolean }
  | {
      readonly kind: 'connectEngine';
      readonly routes: WantedRoutes;
      readonly mappings: readonly Mapping[];
      readonly agent: AgentTarget;
      readonly homeNamespace: string;
      readonly answersFor: string;
      readonly extraDomains: readonly string[];
      readonly names: boolean;
      readonly withProxy: boolean;
    }
  /** In place of the routes and mappings of `connectEngine`. */
  | { readonly kind: 'sendPlan'; readonly plan: { ranges: WantedRange[]; nodes?: string[]; mappings: Mapping[] } }
  | { readonly kind: 'sendAgent'; readonly agent: AgentTarget }
  /** What was open through the agent that is gone is reset, however long another takes to come. */
  | { readonly kind: 'forgetAgent' }
  | { readonly kind: 'sendCredentials' }
  /** From the network that the laptop is in now the API server's name may lead elsewhere. */
  | { readonly kind: 'protectAddresses' }
  | {
      readonly kind: 'sendCatalogue';
      readonly homeNamespace: string;
      readonly answersFor: string;
      readonly extraDomains: readonly string[];
      readonly clusterDomain: string;
      readonly agentNode: string;
    }
  | { readonly kind: 'findPolicies'; readonly placed: AgentPlaced }
  | { readonly kind: 'findStubDomains'; readonly clusterDomain: string }
  /** Makes the Service where `nodePort`, and else deletes one that was made. */
  | { readonly kind: 'offerDirect'; readonly placed: AgentPlaced; readonly nodePort: boolean }
  | { readonly kind: 'sendDirect'; readonly candidates: readonly PathCandidate[] }
  | { readonly kind: 'endEngine' }
  | { readonly kind: 'placeAgent'; readonly spec: AgentSpec }
  | { readonly kind: 'checkAgent'; readonly placed: AgentPlaced }
  | { readonly kind: 'deleteAgent'; readonly placed: AgentPlaced }
  /** Cancels every request that runs. What was being started still reports: started or failed. */
  | { readonly kind: 'abort' }
  | { readonly kind: 'inspectHost' }
  | { readonly kind: 'setTimer'; readonly timer: Timer; readonly at: number }
  | { readonly kind: 'clearTimer'; readonly timer: Timer }
  | { readonly kind: 'log'; readonly message: string; readonly facts: Readonly<Record<string, string>> };

/** The world's part in a decision: the time in milliseconds since the epoch and a random number in [0, 1). */
export interface Moment {
  readonly now: number;
  readonly jitter: number;
}

export interface Transition {
  readonly state: ConnectionState;
  readonly effects: readonly Effect[];
}

const nothingHeld: Held = { cluster: 'none', engine: 'none', agent: { state: 'none' }, host: 'clean' };
export const noWarnings: Warnings = {
  cluster: [],
  ranges: [],
  catalogue: [],
  engine: [],
  reach: [],
  credentials: [],
  limits: [],
  direct: [],
};

/** The state of a connection that was never on. */
export function initialState(wanted: Wanted, cluster: Cluster, policy: Policy): Off {
  return {
    phase: 'off',
    last: null,
    wanted,
    cluster,
    policy,
    persistent: false,
    held: nothingHeld,
    warnings: noWarnings,
    attempt: 0,
    leftOnHost: 0,
  };
}
