/** The catalogue of Services as frontends see it, and the test of one. Names and labels are a cluster's text: show as text. */
import { z } from 'zod';
import { answerSchema } from './causes.ts';
import { problemSchema } from './problems.ts';

const servicePortSchema = z.object({
  name: z.string(),
  port: z.number(),
  protocol: z.string(),
  targetPort: z.string(),
  endpointPort: z.number().optional(), // what a targetPort that is a name stands for; absent: not known, or pods differ
  nodePort: z.number().nullable(),
  application: z.string(), // appProtocol, empty where not given
});
export type ServicePort = z.infer<typeof servicePortSchema>;

const endpointSchema = z.object({
  address: z.string(),
  ready: z.boolean(),
  pod: z.string(),
  node: z.string(),
});
export type Endpoint = z.infer<typeof endpointSchema>;

/** How a Service finds and chooses its endpoints, where that is not as usual. */
const trafficSchema = z.object({
  local: z.boolean(), // internalTrafficPolicy Local: endpoints on the caller's node only
  sticky: z.boolean(), // sessionAffinity ClientIP: a caller stays with its endpoint
  selects: z.boolean(), // it has a selector
  unready: z.boolean(), // publishNotReadyAddresses
  lacking: z.array(z.number()).optional(), // its ports that no endpoint has; absent: none
});

export const serviceSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']),
  addresses: z.array(z.string()), // cluster IPs; empty for headless and ExternalName
  headless: z.boolean(),
  externalName: z.string(),
  ports: z.array(servicePortSchema),
  endpoints: z.array(endpointSchema),
  traffic: trafficSchema.optional(), // absent: as usual
  labels: z.record(z.string(), z.string()),
  createdAt: z.number(),
});
export type Service = z.infer<typeof serviceSchema>;

export const serviceKeySchema = z.object({ namespace: z.string(), name: z.string() });
export type ServiceKey = z.infer<typeof serviceKeySchema>;

/** The order of every list of Services: by namespace, then name, each by code units. */
export function compareServiceKeys(one: ServiceKey, other: ServiceKey): number {
  return compare(one.namespace, other.namespace) || compare(one.name, other.name);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * One step on the way from this laptop to a Service, as a program here would go: its name, the route that the address
 * takes, the tunnel, a ready endpoint, the TCP connection, and an HTTP answer where the port speaks HTTP.
 */
const testStepSchema = z.object({
  step: z.enum(['name', 'route', 'tunnel', 'endpoint', 'connection', 'http']),
  state: z.enum(['good', 'bad', 'not-checked']),
  /** What was found: an address, an interface, a status line, or a sentence of ours. May hold text of a cluster. */
  ...answerSchema.shape,
  milliseconds: z.number(),
  problem: problemSchema.nullable(),
});
export type TestStep = z.infer<typeof testStepSchema>;

/**
 * Whose part of the time is how long that a program here waits: from its connect to the first byte of a response, or until the
 * connection stands where the port speaks nothing that could be asked. Milliseconds.
 */
export const testTimesSchema = z.object({
  laptop: z.number(), // between the program and the tunnel
  tunnel: z.number(), // to the agent and back, for the connection and for the request
  dial: z.number(), // the agent's connection to the Service or pod
  service: z.number().nullable(), // from the request to its first byte, seen by the agent; null: not measured
  /** The part that is to blame where the whole is slow; `several`: none of them alone. */
  slow: z.enum(['nothing', 'laptop', 'tunnel', 'dial', 'service', 'several']),
  /** The verdict. */
  ...answerSchema.shape,
});
export type TestTimes = z.infer<typeof testTimesSchema>;

/** What a test found. `times` is null where no connection stood. */
export const testedSchema = z.object({ steps: z.array(testStepSchema), times: testTimesSchema.nullable() });
export type TestResult = z.infer<typeof testedSchema>;

/** A duration as text in any language, as far as its digits are worth reading: `1.9 ms`, `41 ms`, `1.86 s`. */
export function timeText(milliseconds: number): string {
  if (milliseconds < 9.95) {
    return `${milliseconds.toFixed(1)} ms`;
  }
  return milliseconds < 999.5 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}
