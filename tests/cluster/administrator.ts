/** A service account with an administrator's rights, for who logs in by token. */
import type { Cluster } from './cluster.ts';

// Not kube-system's: what its accounts make is not in the audit log, so that no other test could tell whose it is (makers.ts).
const namespace = 'default';

export class Administrator {
  readonly #cluster: Cluster;
  readonly #name: string;

  private constructor(cluster: Cluster, name: string) {
    this.#cluster = cluster;
    this.#name = name;
  }

  /** `name` is this file's alone. */
  static async make(cluster: Cluster, name: string): Promise<Administrator> {
    const made = new Administrator(cluster, name);
    await made.renew();
    const binding = ['clusterrolebinding', name, '--clusterrole=cluster-admin'];
    await cluster.kubectl(['create', ...binding, `--serviceaccount=${namespace}:${name}`]);
    return made;
  }

  /** Makes the account anew: tokens of the one before are worth nothing from then on. */
  async renew(): Promise<void> {
    await this.#cluster.kubectl(['delete', 'serviceaccount', '-n', namespace, this.#name, '--ignore-not-found']);
    await this.#cluster.kubectl(['create', 'serviceaccount', '-n', namespace, this.#name]);
  }

  async token(): Promise<string> {
    const asked = ['create', 'token', '-n', namespace, this.#name, '--duration=24h'];
    return (await this.#cluster.kubectl(asked)).trim();
  }

  async remove(): Promise<void> {
    await this.#cluster.kubectl(['delete', 'serviceaccount', '-n', namespace, this.#name]);
    await this.#cluster.kubectl(['delete', 'clusterrolebinding', this.#name]);
  }
}
