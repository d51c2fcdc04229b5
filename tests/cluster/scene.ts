/**
 * The scene of one test file: a laptop of the running sandbox that is this file's alone, the cluster, the product with
 * folders of its own, and a snapshot of the laptop from before anything happened. The cluster is shared by all files
 * that run at the same time; docs/testing.md says what a file that breaks it for all has to do.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LaptopFlavour } from '../../sandbox/options.ts';
import { openSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { Cluster, type OurObject, type Pod } from './cluster.ts';
import { differences, type LaptopSnapshot, takeLaptopSnapshot } from './laptop-snapshot.ts';
import { Makers } from './makers.ts';
import { allProcesses, type LaptopPlace, Product } from './product.ts';
import { eventually } from './programs.ts';
import { ownLaptop, ownLaptops, sandboxOptions } from './sandbox-options.ts';

export { workload } from './workload.ts';
export type Flavour = LaptopFlavour;

export interface Scene {
  readonly sandbox: Sandbox;
  readonly laptop: LaptopPlace;
  /** Another address in the LAN that this laptop may move to: nobody else has it. */
  readonly spareAddress: string;
  readonly cluster: Cluster;
  readonly product: Product;
  readonly before: LaptopSnapshot;
  /**
   * Objects of ours in the cluster that this file's laptops made, or that nobody else is known to have made, as
   * `kind/name`; without those that were there when the scene was set (killed runs leave some for a while).
   */
  ours(): Promise<string[]>;
  /**
   * Those of them that are left after at most this many milliseconds; empty as soon as none is. A node that starts and ends
   * other files' pods beside takes its time to end this one's.
   */
  left(deadline?: number): Promise<string[]>;
  /** The pods among them. */
  agents(): Promise<Pod[]>;
  /** What differs now from before; empty when the laptop is as it was. Waits for processes to end. */
  unchanged(except?: readonly string[]): Promise<string[]>;
}

/** Laptops have the LAN's addresses from .100 on, and may move to those from .200 on. */
const spareOf = (address: string) => address.replace(/\d+$/, (host) => String(Number(host) + 100));

const nameOf = (object: OurObject) => `${object.kind.toLowerCase()}/${object.metadata.name}`;

/** As much of a leftover as tells who forgot it. */
function describeLeft(object: OurObject): string {
  const { namespace, creationTimestamp, deletionTimestamp } = object.metadata;
  const state = object.status?.phase ?? '';
  const asked = deletionTimestamp === undefined ? 'not asked to go' : `asked to go by ${deletionTimestamp}`;
  return `${namespace}/${nameOf(object)} ${state}, made ${creationTimestamp}, ${asked}`;
}

export async function setScene(
  flavour: Flavour,
  name: string,
  environment: Readonly<Record<string, string>> = {},
  /** One of the file's own, with the first laptop of the flavour, in place of the sandbox that files share. */
  ownSandbox?: Sandbox,
): Promise<Scene> {
  const sandbox = ownSandbox ?? openSandbox(sandboxOptions);
  const own = sandbox.laptop(ownSandbox === undefined ? ownLaptop(flavour) : flavour);
  const variables: Record<string, string> = {};
  for (const [key, value] of Object.entries(own.environment)) {
    if (value !== undefined) {
      variables[key] = value;
    }
  }
  const laptop: LaptopPlace = { enter: own.enter, environment: variables, holder: own.pid };
  const folder = mkdtempSync(join(tmpdir(), `slipway-${name}-`));
  const product = new Product(laptop, folder, sandbox.kubeconfig, environment);
  const before = await takeLaptopSnapshot(laptop, own.pid);
  const makers = new Makers(sandbox.auditLog);
  const addresses = (ownSandbox?.settings.laptops ?? ownLaptops).map((laptopOf) => sandbox.laptop(laptopOf).address);
  const cluster = new Cluster(sandbox.cluster(), async (agent) => {
    const maker = await makers.addressOf(agent);
    return maker !== undefined && ![...addresses, ...addresses.map(spareOf)].includes(maker);
  });
  const earlier = new Set((await cluster.ours()).map(nameOf));
  const sinceThen = async () => (await cluster.ours()).filter((object) => !earlier.has(nameOf(object)));
  return {
    sandbox,
    laptop,
    spareAddress: spareOf(own.address),
    cluster,
    product,
    before,
    ours: async () => (await sinceThen()).map(nameOf),
    async left(deadline = 60_000) {
      let objects: OurObject[] = [];
      await eventually(
        async () => {
          objects = await sinceThen();
          return objects.length === 0;
        },
        deadline,
        200,
      );
      return objects.map(describeLeft);
    },
    agents: async () => (await sinceThen()).filter((object): object is OurObject & Pod => object.kind === 'Pod'),
    async unchanged(except = []) {
      let left: string[] = [];
      await eventually(async () => {
        left = differences(before, await takeLaptopSnapshot(laptop, own.pid), except);
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
  await scene.product.end();
  await scene.product.signal(allProcesses, 'SIGTERM');
  // The next scene's snapshot must not see them end.
  const isAlive = () => allProcesses.some((kind) => scene.product.processIds(kind).length > 0);
  await eventually(async () => !isAlive(), 10_000, 20);
  rmSync(scene.product.folder, { recursive: true, force: true });
}

/** Disconnects, ends the scene, and expects that the laptop is as it was before. */
export async function leaveScene(scene: Scene): Promise<void> {
  await scene.product.end();
  const changed = await scene.unchanged();
  await closeScene(scene);
  expect(changed).toEqual([]);
}
