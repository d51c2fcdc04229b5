/**
 * The state that every frontend sees: one small whole snapshot, pushed with a revision, at most ten times a
 * second. Lists, logs and counters by the second are queries or streams, never part of it.
 */

import { z } from 'zod';
import { causeSchema } from './causes.ts';
import { pathReasonSchema } from './direct-path.ts';
import { problemSchema } from './problems.ts';

/** Steps of preparing, in the order they are shown. Some run side by side. */
export const stepSchema = z.enum(['cluster', 'helper', 'agent', 'tunnel', 'routes', 'names', 'verify']);
export type Step = z.infer<typeof stepSchema>;

/** A step that ended, with how long it took in milliseconds. */
const stepDoneSchema = z.object({ step: stepSchema, milliseconds: z.number() });
export type StepDone = z.infer<typeof stepDoneSchema>;

/** Where a range was learnt. */
const rangeOriginSchema = z.enum([
  'service-cidr', // networking.k8s.io ServiceCIDR (Kubernetes 1.33, KEP-1880)
  'api-answer', // the range that the API server names when it refuses a dry-run Service
  'node-pod-cidr',
  'calico-pool',
  'cilium-node',
  'observed-services', // the cover of the addresses that were seen
  'observed-pods',
  'user',
]);
export type RangeOrigin = z.infer<typeof rangeOriginSchema>;

/** A part of a range that this laptop needs for itself. `reason`, `conflict` and `interface` are as those of a route. */
const routeCutSchema = z.object({
  prefix: z.string(), // CIDR
  reason: z.string(),
  conflict: z.string(),
  interface: z.string(),
  virtual: z.string().optional(), // the range by which programs reach it all the same; absent: they do not
});
export type RouteCut = z.infer<typeof routeCutSchema>;

/** A cluster range and what became of it on this laptop. `reason` is empty where it is routed. */
export const routeSchema = z.object({
  prefix: z.string(), // CIDR
  kind: z.enum(['services', 'pods', 'extra']),
  origin: rangeOriginSchema,
  /** `cut`: routed but for `cuts`. `narrowed`: another route holds it, so that only hosts that the cluster shows are routed.
   * `mapped`: programs reach it by the addresses of `virtual`. */
  decision: z.enum(['routed', 'cut', 'narrowed', 'mapped', 'refused', 'excluded']),
  /** Code of the helper's policy, see wire RouteDecision; `user`: it is excluded or mapped by a setting; `own-node`: this
   * computer is a node; `own-way`: it has the route `conflict` by a node. */
  reason: z.string(),
  conflict: z.string(), // colliding prefix or address, empty where none
  interface: z.string(), // and the interface that it belongs to
  virtual: z.string().optional(), // mapped: the range that stands for it on this laptop, of the same size
  cuts: z.array(routeCutSchema).optional(), // in order; absent: none
  cutsMore: z.number().optional(), // those that are not listed
  hosts: z.number().optional(), // narrowed: addresses that are routed
  leftOut: z.number().optional(), // narrowed: addresses that found no place
});
export type Route = z.infer<typeof routeSchema>;

/** A name that the cluster does not answer for, nor anything below it. */
export const nameRefusalSchema = z.object({
  name: z.string(), // a domain or a namespace; fit to be shown
  reason: z.string(), // code of the policy, see wire NameRefusal
  conflict: z.string(), // the public suffix or the domain of the laptop, empty where none
  grantable: z.boolean(), // it is the cluster's own domain, and the user's word would let it pass
});
export type NameRefusal = z.infer<typeof nameRefusalSchema>;

/** Names in force on the laptop. */
export const namesSchema = z.object({
  // elsewhere: another cluster's are in force; proxy: asked by it alone, the laptop's own are left alone
  mode: z.enum(['resolved', 'resolv-conf', 'elsewhere', 'proxy', 'off']),
  resolver: z.string(), // address that answers inside the tunnel, empty when off
  clusterDomain: z.string(),
  domains: z.array(z.string()),
  search: z.array(z.string()),
  upstreams: z.array(z.string()),
  refused: z.array(nameRefusalSchema),
  suffix: z.string().optional(), // a label behind any name of this cluster that says whose it is; absent where none does
});
export type Names = z.infer<typeof namesSchema>;

/** The agent that carries this connection. */
const agentSchema = z.object({
  namespace: z.string(),
  pod: z.string(),
  build: z.string(),
  delivery: z.enum(['image', 'sent']), // an image that the user named, or our binary sent through exec
  image: z.string(),
});
export type Agent = z.infer<typeof agentSchema>;

/** Which cluster: the context's name in the kubeconfig, the file it came from and the API server. */
const clusterSchema = z.object({ context: z.string(), file: z.string(), server: z.string() });
export type Cluster = z.infer<typeof clusterSchema>;

/** Where programs come through a proxy on loopback, and nothing of the laptop is changed. What lets them in is asked for: `getProxy`. */
const proxySchema = z.object({
  port: z.number(), // on 127.0.0.1
  knowsUsers: z.boolean(), // the user's own programs need no password
});
export type ProxyInForce = z.infer<typeof proxySchema>;

/** Ways to the agent: the names of the engine's carriers, each with words of its own. */
export const pathSchema = z.enum(['apiserver', 'direct']);
export type Path = z.infer<typeof pathSchema>;

/** Times are milliseconds since the epoch. */
const time = z.number();

/**
 *  off ──connect──▶ preparing ──verified──▶ connected ◀──▶ reconnecting
 *   ▲                   │                       │                │
 *   └── disconnecting ◀─┴─────── failed ◀───────┴────────────────┘
 */
export const connectionSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('off'), cluster: clusterSchema, last: problemSchema.nullable() }),
  z.object({
    phase: z.literal('preparing'),
    cluster: clusterSchema,
    attempt: z.number(),
    startedAt: time,
    step: stepSchema,
    stepStartedAt: time,
    detail: z.string(), // what the step waits for; may be the cluster's own words: text only
    detailSaid: causeSchema.nullable(), // the same where it is a sentence of ours
    done: z.array(stepDoneSchema),
  }),
  z.object({
    phase: z.literal('connected'),
    cluster: clusterSchema,
    since: time,
    path: pathSchema,
    /** Why; absent before the engine said anything of it. */
    pathReason: pathReasonSchema.optional(),
    interface: z.string(), // empty where there is a proxy
    proxy: proxySchema.optional(),
    routes: z.array(routeSchema),
    names: namesSchema,
    agent: agentSchema,
    homeNamespace: z.string(),
    roundTripMicroseconds: z.number(),
    bytesUp: z.number(),
    bytesDown: z.number(),
    degraded: z.array(problemSchema),
    /** When it was last told whether packets, names and connections really get there; null before the first time. */
    checkedAt: time.nullable(),
    /** Domains that the cluster's nameservers know and Slipway does not ask them for: to be offered. Absent: none. */
    offeredDomains: z.array(z.string()).optional(),
    done: z.array(stepDoneSchema),
  }),
  z.object({
    phase: z.literal('reconnecting'),
    cluster: clusterSchema,
    since: time,
    lostAt: time,
    attempt: z.number(),
    nextTryAt: time,
    because: problemSchema,
    hostKept: z.boolean(), // TUN, routes and names, or the proxy, still in force
    proxy: proxySchema.optional(),
    routes: z.array(routeSchema),
    names: namesSchema,
    homeNamespace: z.string(),
  }),
  z.object({ phase: z.literal('disconnecting'), cluster: clusterSchema, startedAt: time }),
  z.object({
    phase: z.literal('failed'),
    cluster: clusterSchema,
    at: time,
    step: stepSchema,
    /** How long the step that failed took, in milliseconds. */
    milliseconds: z.number(),
    /** The steps before it; empty where a connection that was up was lost. */
    done: z.array(stepDoneSchema),
    because: problemSchema,
    leftOnHost: z.number(), // changes that could not be undone; 0 says that the laptop is as it was
    retry: z.enum(['automatic', 'offered', 'pointless']),
    nextTryAt: time.nullable(),
  }),
]);
export type Connection = z.infer<typeof connectionSchema>;
export type Phase = Connection['phase'];

/** What the user wants; survives a restart. */
export const wantedSchema = z.object({
  context: z.string(),
  file: z.string(),
  homeNamespace: z.string(),
  agentNamespace: z.string(),
  agentImage: z.string(), // empty: send our binary into a pod of baseImage
  baseImage: z.string(),
  proxy: z.boolean().optional(), // programs come through a proxy; absent: no
});
export type Wanted = z.infer<typeof wantedSchema>;

/** The program that a prompt for a password starts as root: shown before it. */
const helperProgramSchema = z.object({
  program: z.string(), // its path
  isClone: z.boolean(), // one that was built in a clone, and that whoever can change the clone can change
});
export type HelperProgram = z.infer<typeof helperProgramSchema>;

const helperStateSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('unknown') }),
  helperProgramSchema.extend({ state: z.literal('absent') }),
  z.object({
    state: z.literal('ready'),
    build: z.string(),
    /** The process that holds this computer's network through it, where one does. */
    holder: z.number().optional(),
  }),
  z.object({ state: z.literal('refused'), because: problemSchema }),
]);
export type HelperState = z.infer<typeof helperStateSchema>;

/** Long work that is not a connection: it shows progress and can be cancelled. Ended work stays for ten minutes. */
const workSchema = z.object({
  id: z.string(),
  kind: z.enum(['sandbox-start', 'sandbox-stop', 'report']),
  state: z.enum(['running', 'cancelling', 'done', 'failed', 'cancelled']),
  startedAt: time,
  endedAt: time.nullable(),
  text: z.string(), // what it does now
  fraction: z.number().min(0).max(1).nullable(), // null where it cannot be told
  problem: problemSchema.nullable(),
});
export type Work = z.infer<typeof workSchema>;

/** Where the core runs, as far as it changes what there is to say. */
const placeSchema = z.object({
  /** How the command line is called from any folder: `slipway`, or the launcher's path. */
  invocation: z.string(),
  /** The folder of the pages to read, such as `tour.md`; absent where the core does not say. */
  documents: z.string().optional(),
  /** Nobody is asked for a password. */
  isRoot: z.boolean(),
  /** On a laptop of the sandbox, where no other sandbox is to be started. */
  isInSandbox: z.boolean(),
});
export type Place = z.infer<typeof placeSchema>;

/** A credential plugin that waits for its user. */
const loginSchema = z.object({
  context: z.string(),
  file: z.string(),
  said: z.string(), // the plugin's own words, one line of at most 2,000 characters: text only
  since: time, // when it said the first of them
  cancellable: z.boolean(), // by cancelLogin; that of a connection ends with it
});
export type Login = z.infer<typeof loginSchema>;

export const snapshotSchema = z.object({
  revision: z.number(),
  build: z.string(),
  processId: z.number(),
  wanted: z.array(wantedSchema),
  connections: z.array(connectionSchema), // keyed by cluster.file + cluster.context, in the order in which they were switched on
  helper: helperStateSchema,
  contextsRevision: z.number(), // raised when a kubeconfig changed: list the contexts again
  settingsRevision: z.number(), // raised when settings changed: get them again
  work: z.array(workSchema),
  place: placeSchema.optional(), // see placeOf
  logins: z.array(loginSchema).optional(), // absent where none waits
});
export type Snapshot = z.infer<typeof snapshotSchema>;
