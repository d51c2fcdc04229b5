/** The sandbox's cluster as the tests ask it, with kubectl. */
import type { Cluster as SandboxCluster } from '../../sandbox/cluster.ts';
import type { Space } from '../../sandbox/space.ts';
import { eventually } from './programs.ts';

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly creationTimestamp: string;
  /** When it is to be gone, once somebody asked for its end. */
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
export interface Pod {
  readonly metadata: Metadata;
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP?: string; readonly phase: string };
}
/** An object of ours; with kind Pod it has all that a pod has. */
export interface OurObject {
  readonly kind: string;
  readonly metadata: Metadata;
  readonly status?: { readonly phase?: string };
}
export interface ServiceObject {
  readonly metadata: Metadata;
  readonly spec: {
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly nodePort?: number }[];
  };
}

/** Label of every object that belongs to an agent (app/adapters/agent/manifest.ts); its value is the name of the Job. */
const agentLabel = 'slipway.dev/agent';

export class Cluster {
  readonly #cluster: SandboxCluster;
  readonly #isForeign: (agent: string) => Promise<boolean>;

  /** `isForeign` tells agents, by the name of their Job, that another test file has: no list has them. */
  constructor(cluster: SandboxCluster, isForeign: (agent: string) => Promise<boolean> = async () => false) {
    this.#cluster = cluster;
    this.#isForeign = isForeign;
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return this.#cluster.kubectl(args, input === undefined ? {} : { input });
  }

  async #list<Item extends { readonly metadata: Metadata }>(
    kind: string,
    namespace: string,
    selector: string,
  ): Promise<Item[]> {
    const where = namespace === '' ? ['-A'] : ['-n', namespace];
    const text = await this.kubectl([
      'get',
      kind,
      ...where,
      ...(selector === '' ? [] : ['-l', selector]),
      '-o',
      'json',
    ]);
    return this.#ownOf((JSON.parse(text) as { items: Item[] }).items);
  }

  async #ownOf<Item extends { readonly metadata: Metadata }>(items: readonly Item[]): Promise<Item[]> {
    const foreign = await Promise.all(
      items.map(({ metadata }) => {
        const agent = metadata.labels?.[agentLabel];
        return agent !== undefined && this.#isForeign(agent);
      }),
    );
    return items.filter((_, index) => !foreign[index]);
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

  /**
   * Waits until Jobs get pods. After the API server was away the controllers' watches come back one by one, some of them after more
   * than half a minute, and the next file must not wait for that: they begin anew.
   */
  async settles(controlPlane: Space, namespace: string, image: string): Promise<void> {
    for (const controllers of ['kube-controller-manager', 'kube-scheduler']) {
      await controlPlane.stopProgram(controllers);
      await controlPlane.startProgram(controllers);
    }
    const name = `settles-${process.pid}`;
    const own = ['-n', namespace, `job/${name}`];
    await this.kubectl(['create', 'job', '-n', namespace, name, `--image=${image}`, '--', 'true']);
    try {
      const isMade = async () => (await this.pods(namespace, `job-name=${name}`)).length > 0;
      if (!(await eventually(isMade, 150_000))) {
        throw new Error('no controller makes pods');
      }
    } finally {
      await this.kubectl(['delete', ...own, '--wait=false']);
    }
  }

  /** Everything of ours in the cluster that this test file may have made. */
  async ours(): Promise<OurObject[]> {
    const selector = 'app.kubernetes.io/managed-by=slipway';
    const kinds = 'jobs,pods,configmaps,secrets,services,serviceaccounts,roles,rolebindings,networkpolicies';
    const text = await this.kubectl(['get', kinds, '-A', '-l', selector, '-o', 'json']);
    return this.#ownOf((JSON.parse(text) as { items: OurObject[] }).items);
  }
}
