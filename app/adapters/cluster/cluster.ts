/** One cluster as one user sees it: the ClusterPort over its API server. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Context, cause, type ExecPlugin, failure, problem, type Result, success } from '../../contract/index.ts';
import type { ClusterAddress } from '../../core/engine-messages.ts';
import type { ClusterPort } from '../../core/ports.ts';
import { DirectServices } from '../agent/direct-service.ts';
import { findAgents } from '../agent/find-agents.ts';
import { policiesOf } from '../agent/network-policies.ts';
import { AgentPlacing, type AgentPlacingOptions } from '../agent/placing.ts';
import type { CredentialSource } from '../credentials/credentials.ts';
import { ProblemError } from '../problem-error.ts';
import { ApiConnection } from './api-connection.ts';
import { listCatalogue, listHeadless, listNamespaces, watchCatalogue } from './catalogue.ts';
import type { NarrowedWatch } from './informer.ts';
import { listPods, watchPods } from './pods.ts';
import type { Asked } from './problems.ts';
import { discoverRanges } from './ranges.ts';
import { checkRights } from './rights.ts';
import { findStubDomains } from './stub-domains.ts';
import { waitsToldTo } from './waits.ts';

export interface ClusterOptions {
  readonly context: Context;
  readonly address: ClusterAddress;
  readonly execPlugin: ExecPlugin | null;
  readonly credentials: CredentialSource;
  readonly agent: AgentPlacingOptions;
}

interface HomeWatch {
  readonly start: (home: string) => NarrowedWatch;
  now: NarrowedWatch;
}

export function openCluster(options: ClusterOptions): ClusterPort {
  const { address, credentials } = options;
  let home = options.context.namespace;
  const connection = new ApiConnection(address, credentials);
  const placing = new AgentPlacing(connection, options.agent);
  const direct = new DirectServices(connection, options.agent.records);
  const watches = new Set<HomeWatch>();
  const watch = (start: (home: string) => NarrowedWatch) => {
    const started: HomeWatch = { start, now: start(home) };
    watches.add(started);
    return () => {
      started.now.end();
      watches.delete(started);
    };
  };

  return {
    address,
    execPlugin: options.execPlugin,
    protectedAddresses: () => protectedAddresses(address),
    credentials: (refresh) => credentials.get(refresh),
    ownerSecret: () => options.agent.records.ownerSecret(address.server),
    watchWaiting: (listener) => {
      const { plugin, server } = waitsToldTo(listener);
      connection.onWaiting = server;
      credentials.onWaiting = plugin;
    },
    reach: () => unbroken('reach', () => reach(connection)),
    lookInto: (namespace) => {
      if (namespace === home) {
        return;
      }
      home = namespace;
      for (const started of watches) {
        if (started.now.isNarrowed()) {
          started.now.end();
          started.now = started.start(home);
        }
      }
    },
    discoverRanges: () => unbroken('ranges', () => discoverRanges(connection, home)),
    listNamespaces: () => unbroken('namespaces', () => listNamespaces(connection, home)),
    listHeadless: (namespace) => unbroken('headless Services', () => listHeadless(connection, namespace)),
    listCatalogue: (namespaces) => unbroken('catalogue', () => listCatalogue(connection, home, namespaces)),
    watchCatalogue: (listener) => watch((from) => watchCatalogue(connection, from, listener)),
    listPods: (namespaces) => unbroken('pods', () => listPods(connection, home, namespaces)),
    watchPods: (listener) => watch((from) => watchPods(connection, from, listener)),
    placeAgent: (spec, progress, signal) => unbroken('agent', () => placing.place(spec, progress, signal)),
    agentLives: (placed) => unbroken('agent', () => placing.lives(placed)),
    agentEnd: (placed) => unbroken('agent', () => placing.end(placed)),
    policiesOf: (placed) => unbroken('policies', () => policiesOf(connection, placed)),
    stubDomains: (clusterDomain) => unbroken('stub domains', () => findStubDomains(connection, clusterDomain)),
    offerDirect: (placed, nodePort) => unbroken('direct path', () => direct.offer(placed, nodePort)),
    deleteAgent: (placed) =>
      unbroken('agent', async () => {
        const withdrawn = direct.withdraw(placed); // where it fails the pod's end takes the Service
        const removed = await placing.remove(placed);
        await withdrawn;
        return removed;
      }),
    checkRights: (namespace) =>
      unbroken('rights', async () => checkRights(connection, namespace, await options.agent.records.jobName())),
    findAgents: (namespace) => unbroken('agents', () => findAgents(connection, options.agent.records, namespace)),
    close: () => {
      for (const { now } of watches) {
        now.end();
      }
      direct.close();
      placing.close();
      credentials.close();
      connection.close();
    },
  };
}

/** The last net: an answer of a shape that nobody foresaw is a problem of that operation, not the end of the core. */
async function unbroken<Value>(operation: string, work: () => Promise<Result<Value>>): Promise<Result<Value>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProblemError) {
      return failure(error.problem);
    }
    const cause = `${operation}: ${error instanceof Error ? error.message : String(error)}`;
    return failure(problem('internal', cause));
  }
}

async function reach(connection: ApiConnection): Promise<Result<{ version: string; clockSkewMilliseconds: number }>> {
  const asked: Asked = { verb: 'get', group: '', resource: '/version', namespace: '', purpose: 'other' };
  const answer = await connection.ask(asked, () => connection.get<{ gitVersion?: unknown } | null>('/version'));
  const skew = connection.clockSkew() ?? 0;
  if (!answer.ok) {
    return answer;
  }
  const version = typeof answer.value?.gitVersion === 'string' ? answer.value.gitVersion : '';
  return version === ''
    ? failure(problem('api-unreachable', cause('noVersion')))
    : success({ version, clockSkewMilliseconds: Math.round(skew) });
}

/** Every address of the API server and of its proxy. A name that does not resolve protects nothing. */
async function protectedAddresses(address: ClusterAddress): Promise<string[]> {
  const hosts = [address.server, address.proxyUrl ?? '']
    .map((url) => URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '')
    .filter((host) => host !== '');
  const resolved = await Promise.all(
    hosts.map(async (host) => {
      if (isIP(host) !== 0) {
        return [host];
      }
      try {
        return (await lookup(host, { all: true })).map((found) => found.address);
      } catch {
        return [];
      }
    }),
  );
  return [...new Set(resolved.flat())];
}
