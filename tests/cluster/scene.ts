/**
 * The scene of one test file: a laptop of the running sandbox, the cluster, the product with folders of its own, and
 * a snapshot of the laptop from before anything happened.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { Cluster } from './cluster.ts';
import { differences, type LaptopSnapshot, takeLaptopSnapshot } from './laptop-snapshot.ts';
import { allProcesses, Product } from './product.ts';
import { eventually, type Place } from './programs.ts';
import { sandboxOptions } from './sandbox-options.ts';

export { workload } from './workload.ts';
export type Flavour = 'plain' | 'resolved';

export interface Scene {
  readonly sandbox: Sandbox;
  readonly laptop: Place;
  readonly cluster: Cluster;
  readonly product: Product;
  readonly before: LaptopSnapshot;
  /** Objects of ours in the cluster that were not there when the scene was set (killed runs leave some for a while). */
  ours(): Promise<string[]>;
  /** What differs now from before; empty when the laptop is as it was. Waits for processes to end. */
  unchanged(except?: readonly string[]): Promise<string[]>;
}

export async function setScene(
  flavour: Flavour,
  name: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Scene> {
  const sandbox = openSandbox(sandboxOptions);
  const { enter, environment: own } = sandbox.laptop(flavour);
  const variables: Record<string, string> = {};
  for (const [key, value] of Object.entries(own)) {
    if (value !== undefined) {
      variables[key] = value;
    }
  }
  const laptop: Place = { enter, environment: variables };
  const folder = mkdtempSync(join(tmpdir(), `slipway-${name}-`));
  const product = new Product(laptop, folder, sandbox.kubeconfig, environment);
  const before = await takeLaptopSnapshot(laptop);
  const cluster = new Cluster(sandbox.cluster());
  const earlier = await cluster.ours();
  return {
    sandbox,
    laptop,
    cluster,
    product,
    before,
    ours: async () => (await cluster.ours()).filter((name) => !earlier.includes(name)),
    async unchanged(except = []) {
      let left: string[] = [];
      await eventually(async () => {
        left = differences(before, await takeLaptopSnapshot(laptop), except);
        return left.length === 0;
      }, 20_000);
      return left;
    },
  };
}

export async function closeScene(scene: Scene | undefined): Promise<void> {
  if (scene === undefined) {
    return;
  }
  await scene.product.disconnect();
  await scene.product.signal(allProcesses, 'SIGTERM');
  rmSync(scene.product.folder, { recursive: true, force: true });
}
