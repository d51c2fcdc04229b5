/** The sandbox's cluster as the tests ask it, with kubectl. */
import type { Cluster as SandboxCluster } from '../../sandbox/cluster.ts';

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}
export interface Pod {
  readonly metadata: Metadata;
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP?: string; readonly phase: string };
}
export interface ServiceObject {
  readonly metadata: Metadata;
  readonly spec: {
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly nodePort?: number }[];
  };
}

export class Cluster {
  readonly #cluster: SandboxCluster;

  constructor(cluster: SandboxCluster) {
    this.#cluster = cluster;
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return this.#cluster.kubectl(args, input === undefined ? {} : { input });
  }

  async #list<Item>(kind: string, namespace: string, selector: string): Promise<Item[]> {
    const where = namespace === '' ? ['-A'] : ['-n', namespace];
    const text = await this.kubectl([
      'get',
      kind,
      ...where,
      ...(selector === '' ? [] : ['-l', selector]),
      '-o',
      'json',
    ]);
    return (JSON.parse(text) as { items: Item[] }).items;
  }

  pods(namespace: string, selector = ''): Promise<Pod[]> {
    return this.#list<Pod>('pods', namespace, selector);
  }

  services(namespace: string): Promise<ServiceObject[]> {
    return this.#list<ServiceObject>('services', namespace, '');
  }

  async serviceAddress(namespace: string, name: string): Promise<string> {
    return (await this.kubectl(['get', 'service', '-n', namespace, name, '-o', 'jsonpath={.spec.clusterIP}'])).trim();
  }

  /** Everything of ours in the cluster, as `kind/name` lines. */
  async ours(): Promise<string[]> {
    const selector = 'app.kubernetes.io/managed-by=slipway';
    const kinds = 'jobs,pods,configmaps,secrets,services,serviceaccounts,roles,rolebindings,networkpolicies';
    const text = await this.kubectl(['get', kinds, '-A', '-l', selector, '-o', 'name', '--ignore-not-found']);
    return text.split('\n').filter((line) => line !== '');
  }
}
