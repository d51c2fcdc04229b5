/**
 * The messages between core and engine, as native/internal/wire/engine.go defines them (golden files in
 * native/internal/wire/testdata/engine, read by both languages). The engine is ours but not believed blindly: what
 * it sends is parsed here; fields and events that only a newer engine knows are ignored.
 */
import { z } from 'zod';
import {
  causeSchema,
  failure,
  isProblemCode,
  type Problem,
  pathCandidateSchema,
  pathSchema,
  problem,
  type Result,
  success,
  triedPathSchema,
} from '../contract/index.ts';
import { flowsEventSchema } from './flow-messages.ts';
import { hostsSchema, mappingSchema, routeDecisionSchema, wantedRangeSchema } from './route-messages.ts';

/** Must equal Protocol in native/internal/wire/problem.go. */
export const engineProtocol = 8;

/** AgentPort in native/internal/wire/agent.go: where the agent listens, on the pod's loopback only. */
export const agentPort = 8723;

/** A list that Go may encode as null (a nil slice). */
const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((items): z.output<Item>[] => items ?? []);

export const wireProblemSchema = z.object({
  code: z.string(),
  cause: z.string(),
  /** A sentence of ours, where the cause is one: see native/internal/wire/causes.go. */
  said: causeSchema.nullish(),
  facts: z.record(z.string(), z.string()).nullish(),
});
export type WireProblem = z.infer<typeof wireProblemSchema>;

const helloSchema = z.object({
  protocol: z.number(),
  build: z.string(),
  role: z.string(),
});

const impersonateSchema = z.object({
  user: z.string(),
  uid: z.string().optional(),
  groups: z.array(z.string()).optional(),
  extra: z.record(z.string(), z.array(z.string())).optional(),
});

/** How the API server is reached, as the kubeconfig says it. */
const clusterAddressSchema = z.object({
  server: z.string(),
  tlsServerName: z.string().optional(),
  certificateAuthority: z.string().optional(), // PEM
  insecureSkipTlsVerify: z.boolean().optional(),
  proxyUrl: z.string().optional(),
  impersonate: impersonateSchema.optional(),
});
export type ClusterAddress = z.infer<typeof clusterAddressSchema>;

/** Secrets: never logged, never in the state of the connection machine. */
const clusterCredentialsSchema = z.object({
  bearerToken: z.string().optional(),
  clientCertificate: z.string().optional(), // PEM
  clientKey: z.string().optional(), // PEM
  username: z.string().optional(),
  password: z.string().optional(),
});
export type ClusterCredentials = z.infer<typeof clusterCredentialsSchema>;

const agentTargetSchema = z.object({ namespace: z.string(), pod: z.string(), port: z.number() });
export type AgentTarget = z.infer<typeof agentTargetSchema>;

/** Another cluster that is on: names with its suffix, and of addresses in its ranges (CIDR), are asked of its resolver. */
const otherClusterSchema = z.object({ suffix: z.string(), resolver: z.string(), ranges: z.array(z.string()) });
export type OtherCluster = z.infer<typeof otherClusterSchema>;

const nameScopeSchema = z.object({
  homeNamespace: z.string(),
  namespaces: z.array(z.string()),
  headless: z.array(z.string()).optional(), // Services of the home namespace whose pods have names of their own
  extra: z.array(z.string()).optional(), // other domains of the user's word
  granted: z.string().optional(), // what the user lets the cluster answer for as a whole
  suffix: z.string().optional(), // a label of this cluster's own, behind any of its names
  clusters: z.array(otherClusterSchema).optional(), // that are on beside it
  namesElsewhere: z.boolean().optional(), // another cluster's names are in force
});
export type NameScope = z.infer<typeof nameScopeSchema>;

const serviceEndpointSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  address: z.string(),
  ready: z.array(z.string()),
});
export type ServiceEndpoint = z.infer<typeof serviceEndpointSchema>;

/** A change, or a part of one; parts count together when the last one is there. */
const serviceEndpointsSchema = z.object({
  whole: z.boolean().optional(), // of the first part: nothing else is there than what is listed
  services: z.array(serviceEndpointSchema), // all addresses of a Service together, in place of those before
  gone: z.array(z.object({ namespace: z.string(), name: z.string() })).optional(), // they have no address any more
  more: z.boolean().optional(), // another part follows
});
export type ServiceEndpoints = z.infer<typeof serviceEndpointsSchema>;

/** What the reach check asks and dials from the agent; TCP, as address:port. */
const reachTargetsSchema = z.object({
  name: z.string(), // one that must exist
  services: z.array(z.string()), // with ready endpoints
  pods: z.array(z.string()), // ready endpoints on any node but the agent's, or where nodes are not known
  localPods: z.array(z.string()).optional(), // on the agent's node
});
export type ReachTargets = z.infer<typeof reachTargetsSchema>;

/** CandidatesAtMost in native/internal/wire/direct.go. */
export const mostCandidates = 16;

/** AgentDirectPort there: where the agent listens on its pod's addresses while a session asks for it. */
export const agentDirectPort = 8724;

/** All of them; none: no direct path is wanted. */
const directCandidatesSchema = z.object({ candidates: z.array(pathCandidateSchema) });

/** Addresses of one family that laptop and engine have in the tunnel. */
const sessionAddressesSchema = z.object({ laptop: z.string(), engine: z.string() });
export type SessionAddresses = z.infer<typeof sessionAddressesSchema>;

export const engineCommandSchema = z.discriminatedUnion('command', [
  z.object({ command: z.literal('hello'), hello: helloSchema }),
  z.object({
    command: z.literal('prepare'),
    prepare: z.object({
      helperSocket: z.string(),
      group: z.string().optional(), // of all engines of this core: the helper lets them share the laptop
      withProxy: z.boolean().optional(), // no helper: nothing of the laptop is changed
      ranges: z.array(wantedRangeSchema),
      protected: z.array(z.string()),
      nodes: z.array(z.string()).optional(), // of the cluster: what the laptop has routes to by them is left alone
    }),
  }),
  z.object({
    command: z.literal('connect'),
    connect: z.object({
      cluster: clusterAddressSchema,
      credentials: clusterCredentialsSchema,
      agent: agentTargetSchema,
      ownerSecret: z.string(),
      ranges: z.array(wantedRangeSchema),
      mappings: z.array(mappingSchema).optional(),
      protected: z.array(z.string()),
      nodes: z.array(z.string()).optional(),
      scope: nameScopeSchema,
      names: z.boolean(),
      direct: directCandidatesSchema.optional(),
      proxy: z.object({ port: z.number() }).optional(), // the port that is wanted; 0: any
      wantedAddresses: z.array(sessionAddressesSchema).optional(), // of the engine before
    }),
  }),
  z.object({ command: z.literal('agent'), agent: agentTargetSchema }),
  z.object({ command: z.literal('agentGone') }),
  z.object({ command: z.literal('credentials'), credentials: clusterCredentialsSchema }),
  z.object({ command: z.literal('scope'), scope: nameScopeSchema }),
  z.object({ command: z.literal('protect'), protect: z.object({ protected: z.array(z.string()) }) }),
  z.object({
    command: z.literal('plan'), // in place of the ranges, mappings and nodes of connect
    plan: z.object({
      ranges: z.array(wantedRangeSchema),
      mappings: z.array(mappingSchema).optional(),
      nodes: z.array(z.string()).optional(),
    }),
  }),
  z.object({ command: z.literal('endpoints'), endpoints: serviceEndpointsSchema }),
  z.object({ command: z.literal('hosts'), hosts: hostsSchema }),
  z.object({
    command: z.literal('test'),
    test: z.object({
      id: z.number(),
      host: z.string(),
      port: z.number(),
      request: z.enum(['http', 'https']).optional(), // what is asked once connected
      name: z.string().optional(), // the host that the request names
      ownWay: z.boolean().optional(), // the laptop has ways of its own to the cluster: whatever way it goes is right
    }),
  }),
  z.object({ command: z.literal('reach'), reach: reachTargetsSchema }),
  z.object({ command: z.literal('checkReach'), checkReach: z.object({ id: z.number() }) }),
  z.object({ command: z.literal('direct'), direct: directCandidatesSchema }),
  z.object({ command: z.literal('flows'), flows: z.object({ watched: z.boolean() }) }),
  z.object({ command: z.literal('stop') }),
]);
export type EngineCommand = z.infer<typeof engineCommandSchema>;

const hostInspectionSchema = z.object({
  resolverMode: z.string(),
  upstreams: list(z.string()),
  domains: list(z.string()), // the laptop's own
  tunAvailable: z.boolean(),
  leaseHeld: z.boolean(),
  leftOver: z.number(),
});
export type HostInspection = z.infer<typeof hostInspectionSchema>;

const preparedSchema = z.object({
  helper: helloSchema,
  host: hostInspectionSchema,
  decisions: list(routeDecisionSchema),
});
export type Prepared = z.infer<typeof preparedSchema>;

const nameRefusalSchema = z.object({
  name: z.string(),
  reason: z.string(),
  conflict: z.string().default(''),
  grantable: z.boolean().default(false),
});

const namesEventSchema = z.object({
  mode: z.string(), // resolved, resolv-conf, elsewhere (another cluster's are in force), proxy, off
  resolver: z.string(),
  domains: list(z.string()),
  search: list(z.string()),
  upstreams: list(z.string()),
  refused: list(nameRefusalSchema),
  problem: wireProblemSchema.nullish(),
});
export type NamesInForce = z.infer<typeof namesEventSchema>;

const agentFactsSchema = z.object({
  build: z.string(),
  nameservers: list(z.string()),
  clusterDomain: z.string(),
  search: list(z.string()),
  canPing: z.boolean(),
});

const readySchema = z.object({
  interface: z.string(),
  mtu: z.number(),
  path: pathSchema,
  routes: list(routeDecisionSchema),
  names: namesEventSchema.nullish(),
  agent: agentFactsSchema,
  proxy: z
    .object({
      port: z.number(),
      knowsUsers: z.boolean(), // the user's own programs need no password
      username: z.string(),
      password: z.string(),
      pacToken: z.string(),
    })
    .nullish(),
  addresses: list(sessionAddressesSchema), // for as long as the engine lives
});
export type Ready = z.infer<typeof readySchema>;
export type EngineProxy = NonNullable<Ready['proxy']>;

const testedSchema = z.object({
  id: z.number(),
  steps: list(
    z.object({
      step: z.string(), // name, route, tunnel, connection, request
      microseconds: z.number(),
      answer: z.string().optional(),
      problem: wireProblemSchema.nullish(),
    }),
  ),
  times: z
    .object({
      laptopMicroseconds: z.number(),
      tunnelMicroseconds: z.number(),
      dialMicroseconds: z.number(),
      serviceMicroseconds: z.number().optional(), // absent: nothing was asked, or answered
    })
    .optional(), // of a connection that stood
});
export type Tested = z.infer<typeof testedSchema>;

const reachCheckSchema = z.object({
  check: z.enum(['interface', 'route', 'firewall', 'resolver', 'service', 'pod']),
  state: z.enum(['passed', 'failed', 'notRun']),
  subject: z.string().default(''), // interface, range, address, name or address:port
  problem: wireProblemSchema.nullish(), // where it failed
});
export type ReachCheck = z.infer<typeof reachCheckSchema>;

const reachSchema = z.object({
  id: z.number().optional(), // of the checkReach that it answers
  checks: list(reachCheckSchema),
});

/** Which way new and moved lanes take, and why not another. */
const pathEventSchema = z.object({
  path: pathSchema,
  candidate: pathCandidateSchema.nullish(), // of the direct path
  roundTripMicroseconds: z.number().optional(),
  mtu: z.number().optional(), // of the direct path, in bytes, where the system tells
  tried: list(triedPathSchema),
});
export type PathInForce = z.infer<typeof pathEventSchema>;

/** Connections, datagram flows and dials that the agent refused, by what it had too little of. */
const refusedFlowsSchema = z.object({
  memory: z.number(),
  descriptors: z.number(),
  ports: z.number(),
  unanswered: z.number(),
});
export type RefusedFlows = z.infer<typeof refusedFlowsSchema>;

const engineCountersSchema = z.object({
  bytesUp: z.number(),
  bytesDown: z.number(),
  packetsUp: z.number(),
  packetsDown: z.number(),
  flows: z.number(),
  roundTripMicroseconds: z.number(),
  refused: refusedFlowsSchema,
  routes: list(z.object({ prefix: z.string(), bytesUp: z.number(), bytesDown: z.number() })), // of each routed range
});
/** Since this engine was ready. */
export type EngineCounters = z.infer<typeof engineCountersSchema>;

export const engineEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('hello'), hello: helloSchema }),
  z.object({ event: z.literal('prepared'), prepared: preparedSchema }),
  z.object({ event: z.literal('step'), step: z.object({ step: z.string() }) }), // tunnel, routes, names, verify
  z.object({ event: z.literal('ready'), ready: readySchema }),
  z.object({
    event: z.literal('tunnel'),
    tunnel: z.object({
      state: z.enum(['up', 'down']),
      path: pathSchema,
      roundTripMicroseconds: z.number().optional(),
      attempt: z.number().optional(),
      because: wireProblemSchema.nullish(),
    }),
  }),
  z.object({ event: z.literal('names'), names: namesEventSchema }),
  z.object({
    event: z.literal('routes'),
    // A problem: why a plan was refused as a whole; the decisions are those of before.
    routes: z.object({ decisions: list(routeDecisionSchema), problem: wireProblemSchema.nullish() }),
  }),
  z.object({
    event: z.literal('counters'),
    counters: engineCountersSchema,
  }),
  z.object({ event: z.literal('needCredentials'), problem: wireProblemSchema.nullish() }),
  z.object({ event: z.literal('agentLost'), problem: wireProblemSchema.nullish() }),
  z.object({ event: z.literal('helperLost'), problem: wireProblemSchema.nullish() }),
  z.object({ event: z.literal('tested'), tested: testedSchema }),
  z.object({ event: z.literal('reach'), reach: reachSchema }),
  z.object({ event: z.literal('path'), path: pathEventSchema }),
  z.object({ event: z.literal('flows'), flows: flowsEventSchema }),
  z.object({
    event: z.literal('failed'),
    failed: z.object({ during: z.string(), problem: wireProblemSchema, leftOver: z.number() }),
  }),
  z.object({ event: z.literal('stopped'), stopped: z.object({ leftOver: z.number() }) }),
]);
export type EngineEvent = z.infer<typeof engineEventSchema>;

const knownEvents: ReadonlySet<string> = new Set(engineEventSchema.options.map((option) => option.shape.event.value));

/** Reads one frame of the engine. Null for an event that only a newer engine knows; otherwise `message-malformed`. */
export function readEngineEvent(document: unknown): Result<EngineEvent | null> {
  const parsed = engineEventSchema.safeParse(document);
  if (parsed.success) {
    return success(parsed.data);
  }
  const name = z.object({ event: z.string() }).safeParse(document);
  if (name.success && !knownEvents.has(name.data.event)) {
    return success(null);
  }
  // Paths only: values of a message may be secrets.
  const places = parsed.error.issues.map((issue) => issue.path.join('.') || 'message').slice(0, 5);
  return failure(problem('message-malformed', `the engine sent something that cannot be read at ${places.join(', ')}`));
}

/**
 * A problem of a native program in the contract's words; `known` are facts that only the core knows (the context).
 * A code that only a newer program knows becomes `internal`.
 */
export function problemFromWire(wire: WireProblem, known: Readonly<Record<string, string>> = {}): Problem {
  const facts = { ...known, ...wire.facts };
  return isProblemCode(wire.code)
    ? problem(wire.code, wire.said ?? wire.cause, facts)
    : problem('internal', `${wire.code}: ${wire.cause}`, facts);
}
