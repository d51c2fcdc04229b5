/**
 * The table of faults: what is done to a connection, what must hold then, and which file does it. Each has a short form, which
 * `npm test` runs, and a long one for `npm run soak`; docs/reliability.md keeps what the long ones last saw, in this order.
 */

export interface Limit {
  /** The greatest value of the figure that is good. */
  readonly atMost: number;
}

export interface FaultRow {
  readonly fault: string;
  readonly bound: string;
  /** How often, by `npm test` and by `npm run soak`. What a round is, is the file's matter: a cut, a process, a minute. */
  readonly short: number;
  readonly long: number;
  /** End-to-end tests (`.test.ts`) or programs of Node; none where what they need is still missing. */
  readonly files?: readonly string[];
  /** Figures that have a bound, by the name that `saw` gives them. */
  readonly limits?: Readonly<Record<string, Limit>>;
}

export const faultRows = {
  cuts: {
    fault: 'every stream and connection cut, one by one and together, with transfers running',
    bound: 'checksums equal, back ≤ 3 s',
    short: 1,
    long: 50,
    files: ['tests/cluster/fault-cuts.test.ts'],
    limits: { 'back, s': { atMost: 3 } },
  },
  'black-hole': {
    fault: 'black hole on the path through the API server',
    bound: 'noticed ≤ 10 s, never a false alarm',
    short: 1,
    long: 20,
    files: ['tests/cluster/fault-black-hole.test.ts'],
    limits: { 'noticed, s': { atMost: 10 } },
  },
  'direct-black-hole': {
    fault: 'black hole on the direct path',
    bound: 'noticed ≤ 5 s, never a false alarm',
    short: 1,
    long: 20,
    files: ['tests/cluster/direct.test.ts'],
    limits: { 'noticed, s': { atMost: 5 } },
  },
  'direct-blocked': {
    fault: 'direct path blocked and freed',
    bound: 'flows live, stall ≤ 3 s',
    short: 2,
    long: 50,
    files: ['tests/cluster/direct.test.ts'],
    limits: { 'longest wait for a byte, s': { atMost: 3 } },
  },
  roam: {
    fault: "laptop's address and link change",
    bound: 'usable ≤ 5 s, outside names ≤ 1 s, flows live',
    short: 1,
    long: 20,
    files: ['tests/cluster/fault-roam.test.ts'],
    limits: { 'usable, s': { atMost: 5 }, 'outside names, s': { atMost: 1 } },
  },
  sleep: {
    fault: 'sleep by stop and by clocks, waking at another address',
    bound: 'usable ≤ 5 s, outside names ≤ 1 s, flows live',
    short: 1,
    long: 3,
    files: ['tests/cluster/fault-sleep.test.ts'],
    limits: { 'usable, s': { atMost: 5 }, 'outside names, s': { atMost: 1 } },
  },
  'api-server': {
    fault: 'API server down, seconds',
    bound: 'flows live, back ≤ 5 s after',
    short: 12,
    long: 600,
    files: ['tests/cluster/api-server.alone.test.ts'],
    limits: { 'back, s': { atMost: 5 } },
  },
  'direct-api-server': {
    fault: 'API server down with a direct path, seconds',
    bound: 'undisturbed',
    short: 12,
    long: 600,
    files: ['tests/cluster/direct.test.ts'],
    limits: { 'longest wait for a byte, s': { atMost: 3 } },
  },
  agents: {
    fault: 'agent killed, evicted, node drained, node lost',
    bound: '≤ 10 s after a pod can be ready; lost TCP is reset, not hung',
    short: 1,
    long: 10,
    files: ['tests/cluster/agents.test.ts'],
    limits: {
      'killed: back after the pod was ready, s': { atMost: 10 },
      'evicted: back after the pod was ready, s': { atMost: 10 },
      'drained: back after the pod was ready, s': { atMost: 10 },
      'node lost: back after the pod was ready, s': { atMost: 10 },
    },
  },
  credentials: {
    fault: 'token expiring each 60 s; plugin that hangs, fails, floods',
    bound: 'no stall of tunnel or window; one notice',
    short: 1,
    long: 10,
    files: ['tests/cluster/credentials.test.ts'],
  },
  kills: {
    fault: 'kill -9 of each and all of our processes at random moments, also during connect and disconnect',
    bound: 'laptop as before each time',
    short: 3,
    long: 200,
    files: ['tests/cluster/kills-random.test.ts'],
  },
  'laptop-changes': {
    fault: 'resolv.conf rewritten every 2 s; another VPN taking routes; interface gone',
    bound: 'settles, or says so',
    short: 0,
    long: 9,
    files: ['tests/cluster/fault-laptop.test.ts'],
  },
  'many-services': {
    fault: '10,000 Services, 500 namespaces, 50 changes a second, 410 every 30 s',
    bound: 'connect ≤ 3 s, memory flat, endpoints not sent whole',
    short: 1,
    long: 10,
    files: ['tests/cluster/many-services.test.ts'],
    // V8 collects when it likes, which is some 13 MiB; the catalogue once more would be 40.
    limits: { 'connect, s': { atMost: 3 }, 'core grew, MiB': { atMost: 25 }, 'engine grew, MiB': { atMost: 25 } },
  },
  resources: {
    fault: 'disk full, descriptors exhausted, memory limit in the agent',
    bound: 'clear problem, laptop restored',
    short: 1,
    long: 5,
    files: ['tests/cluster/resources.test.ts'],
  },
  fuzz: {
    fault: 'fuzzed frames: helper link, engine link, control stream, flow frames, DNS answerer, packet path',
    bound: 'no crash, no growth',
    short: 0,
    long: 10_000_000,
    files: ['tests/soak/fuzz.ts'],
  },
  users: {
    fault: '2 and 10 users on one agent, joining and leaving, one of them hostile',
    bound: 'no disturbance, no reach',
    short: 1,
    long: 10,
    files: ['tests/soak/users.ts'],
  },
  'many-connections': {
    fault: '20,000 connections at once',
    bound: 'carried, or refused at once for want of memory',
    short: 0,
    long: 1,
    files: ['tests/cluster/many.alone.test.ts'],
  },
  traffic: {
    fault: 'mixed traffic, minutes',
    bound: 'no error; growth < 1 MB/h after warm-up; descriptors and goroutines flat',
    short: 0.1,
    long: 30,
    files: ['tests/cluster/fault-traffic.test.ts'],
    limits: {
      'core: heap, MB/h at most': { atMost: 1 },
      'engine: resident, MB/h at most': { atMost: 1 },
      'helper: resident, MB/h at most': { atMost: 1 },
      'agent: resident, MB/h at most': { atMost: 1 },
    },
  },
} as const satisfies Readonly<Record<string, FaultRow>>;

export type FaultName = keyof typeof faultRows;

export const faultNames = Object.keys(faultRows) as readonly FaultName[];

export const rowOf = (name: FaultName): FaultRow => faultRows[name];
