import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { auditPolicyText } from './audit.ts';
import { exists } from './build-cache.ts';
import type { Cluster } from './cluster.ts';
import { CommandFailure, type RunOptions, waitFor } from './commands.ts';
import { certificatePlan, controlPlanePrograms, makeCertificates } from './control-plane.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { buildLan, lanDefinition, linkMachine, officeProgram, plugIn } from './lan.ts';
import {
  busCommand,
  type LaptopPaths,
  laptopDefinition,
  machineLibraries,
  resolvedLinkCommands,
  resolvedPrograms,
} from './laptop.ts';
import type { Layout } from './layout.ts';
import { setLink } from './link.ts';
import type { Materials } from './materials.ts';
import {
  masqueradeScript,
  type NodePaths,
  nodeDefinition,
  nodeEnvironment,
  nodePrograms,
  runtimeProgram,
  writeNodeFiles,
  writePodNetwork,
} from './node.ts';
import { flavourOf, type LaptopName, type LinkOptions } from './options.ts';
import { SandboxFailure } from './problems.ts';
import type { Space, SpaceProgram } from './space.ts';

/**
 * The steps that bring a sandbox up. Each looks at what is there and makes what is missing, so
 * that the same steps repair one of which a part was killed.
 */
export class BringUp {
  readonly #layout: Layout;
  readonly #materials: Materials;

  constructor(layout: Layout, materials: Materials) {
    this.#layout = layout;
    this.#materials = materials;
  }

  #program(name: string): string {
    return path.join(this.#materials.binaries.programs, name);
  }

  #nodePaths(name: string): NodePaths {
    const { state, logs, certificates } = this.#layout;
    const { kubernetes, coredns } = this.#materials.binaries;
    return {
      node: path.join(state, name),
      logs,
      certificates,
      kubernetes,
      coredns,
      packages: this.#materials.packages,
      packetFilter: this.#materials.packetFilter,
      shown: [this.#materials.cache, state],
    };
  }

  #laptopPaths(): LaptopPaths {
    return {
      logs: this.#layout.logs,
      programs: this.#materials.binaries.programs,
      packages: this.#materials.laptopPackages,
      resolvedPackages: this.#materials.resolvedPackages,
      machineLibraries: machineLibraries(),
    };
  }

  /** Certificates, kubeconfigs and the nodes' files. */
  async writeFiles(): Promise<void> {
    const { settings, plan, certificates, state, logs, cgroup } = this.#layout;
    await mkdir(logs, { recursive: true });
    await mkdir(path.join(state, 'etcd'), { recursive: true, mode: 0o700 });
    await makeCertificates(this.#program('certificates'), certificatePlan(settings, plan, certificates));
    await writeFile(this.#layout.auditPolicy, auditPolicyText);
    const kubectl = path.join(state, 'kubectl');
    await rm(kubectl, { force: true });
    await symlink(path.join(this.#materials.binaries.kubernetes, 'kubectl'), kubectl);
    const tools = path.join(state, 'tools');
    await rm(tools, { force: true });
    await symlink(path.join(this.#materials.packages, 'bin'), tools);
    const outside = `https://${plan.apiServer}:6443`;
    const users = ['admin', 'expired', 'kube-proxy', ...this.#layout.nodes.map((node) => node.name)];
    for (const user of users) await writeKubeconfig(certificates, user, outside);
    for (const user of ['controller-manager', 'scheduler']) {
      await writeKubeconfig(certificates, user, 'https://127.0.0.1:6443');
    }
    for (const [index, node] of this.#layout.nodes.entries()) {
      const proxy = path.join(certificates, 'kube-proxy.kubeconfig');
      await writeNodeFiles(index + 1, `${cgroup}/${node.name}`, settings, plan, this.#nodePaths(node.name), proxy);
    }
  }

  /** Namespaces and LAN. */
  async makeSpaces(): Promise<void> {
    const { plan, cgroup, lan, controlPlane, nodes, laptops, settings } = this.#layout;
    const space = this.#program('space');
    const bare = (name: string) => ({ processNamespace: true, cgroup: `${cgroup}/${name}`, steps: [] });
    await lan.start(lanDefinition(`${cgroup}/lan`), space);
    await Promise.all([
      buildLan(lan, plan),
      controlPlane.start(bare('control-plane'), space),
      ...nodes.map((node) =>
        node.start(
          nodeDefinition(`${cgroup}/${node.name}`, plan.ipv6 !== undefined, this.#nodePaths(node.name)),
          space,
        ),
      ),
      ...settings.laptops.map((name) =>
        laptops[name].start(
          laptopDefinition(flavourOf(name), `${cgroup}/laptop-${name}`, plan, this.#laptopPaths()),
          space,
        ),
      ),
    ]);
    await plugIn(lan, controlPlane, plan.apiServer, plan.ipv6?.apiServer, plan);
    for (const [index, node] of nodes.entries()) {
      await plugIn(lan, node, plan.nodes[index] ?? '', plan.ipv6?.nodes[index], plan);
    }
    for (const name of settings.laptops) {
      await plugIn(lan, laptops[name], plan.laptops[name], plan.ipv6?.laptops[name], plan);
    }
    if (settings.machineLink) await linkMachine(lan, plan);
    if (settings.link) for (const name of settings.laptops) await this.setLink(name, settings.link);
    await lan.keepRunning([officeProgram(plan, this.#materials.binaries.programs, this.#layout.logs)]);
  }

  /** Emulates a link between a laptop and the LAN, or with undefined ends that. */
  async setLink(name: LaptopName, options: LinkOptions | undefined): Promise<void> {
    const { lan, laptops, state, logs } = this.#layout;
    await setLink(lan, laptops[name], options, { program: this.#program('link'), state, logs });
  }

  async startControlPlane(): Promise<void> {
    const { settings, plan, certificates, logs, state, controlPlane } = this.#layout;
    const { kubernetes, etcd } = this.#materials.binaries;
    const { auditPolicy, auditLog } = this.#layout;
    const paths = { kubernetes, etcd, certificates, logs, data: path.join(state, 'etcd'), auditPolicy, auditLog };
    const kubeconfig = (user: string) => path.join(certificates, `${user}.kubeconfig`);
    await controlPlane.keepRunning(controlPlanePrograms(settings, plan, paths, kubeconfig));
  }

  /** Runtime, images, kubelet and kube-proxy of every node. */
  async startNodes(): Promise<void> {
    await Promise.all(this.#layout.nodes.map((_, index) => this.#startNode(index)));
  }

  async #startNode(index: number): Promise<void> {
    const { settings, plan, certificates, nodes } = this.#layout;
    const node = nodes[index];
    if (!node) return;
    const paths = this.#nodePaths(node.name);
    for (const range of [settings.podRange, plan.ipv6?.podRange ?? []].flat()) {
      await this.runInNode(index, ['sh', '-c', masqueradeScript(range)]);
    }
    await node.keepRunning([runtimeProgram(index + 1, paths)]);
    await this.#importImages(index);
    const kubeconfig = path.join(certificates, `${node.name}.kubeconfig`);
    await node.keepRunning(nodePrograms(index + 1, settings, plan, paths, kubeconfig));
    if (settings.nodeLocalDns) await node.ip(['address replace 169.254.20.10/32 dev lo']);
  }

  async #importImages(index: number): Promise<void> {
    const wanted = await readdir(this.#materials.images);
    const known = await waitFor(
      async () => {
        const result = await this.#tryInNode(index, ['ctr', '-n', 'k8s.io', 'images', 'list', '-q']);
        return result?.split('\n');
      },
      60_000,
      () =>
        new SandboxFailure({
          code: 'sandbox-component-failed',
          cause: `containerd of node${index + 1} does not answer.`,
          fix: `Read ${path.join(this.#layout.logs, `node${index + 1}-containerd.log`)}.`,
        }),
    );
    const stamp = path.join(this.#layout.state, `node${index + 1}`, `has-${path.basename(this.#materials.images)}`);
    if (known.length > wanted.length && (await exists(stamp))) return;
    for (const file of wanted) await this.importImage(index, path.join(this.#materials.images, file));
    await this.runInNode(index, ['touch', stamp]);
  }

  /** Puts an image archive into a node's containerd. */
  async importImage(index: number, file: string): Promise<void> {
    // By its content: a node does not see the folder that the file may be in.
    await this.runInNode(index, ['ctr', '-n', 'k8s.io', 'images', 'import', '-'], { inputFile: file });
  }

  /** Runs a command in all namespaces of a node. Throws CommandFailure. */
  async runInNode(index: number, command: readonly string[], options: RunOptions = {}): Promise<string> {
    const node = this.#layout.nodes[index];
    const environment = nodeEnvironment(this.#nodePaths(`node${index + 1}`));
    const whole = ['env', '-i', ...environment, ...command];
    const result = await node?.run(whole, { ...options, ownProcesses: true });
    if (result?.status !== 0) throw new CommandFailure(command, result ?? { status: -1, stdout: '', stderr: '' });
    return result.stdout;
  }

  #tryInNode(index: number, command: readonly string[]): Promise<string | undefined> {
    return this.runInNode(index, command).catch((error: unknown) => {
      if (error instanceof CommandFailure) return undefined;
      throw error;
    });
  }

  /** Gives each node the range that the controllers chose for its pods, and the routes between nodes. */
  async connectPods(cluster: Cluster): Promise<void> {
    const { nodes, plan, controlPlane } = this.#layout;
    const ranges = await Promise.all(nodes.map((node) => cluster.podRangesOf(node.name)));
    const routes = ranges.map((ofNode, index) =>
      ofNode.map((range) => {
        const addresses = range.includes(':') ? plan.ipv6?.nodes : plan.nodes;
        return `route replace ${range} via ${addresses?.[index]}`;
      }),
    );
    // The API server reaches webhooks and aggregated APIs in pods itself.
    await controlPlane.ip(routes.flat());
    for (const [index, node] of nodes.entries()) {
      await writePodNetwork(this.#nodePaths(node.name), ranges[index] ?? []);
      await node.ip(routes.filter((_, other) => other !== index).flat());
    }
  }

  /** Programs of the laptops that need the network. */
  async startLaptops(): Promise<void> {
    const { settings, laptops } = this.#layout;
    const resolved = settings.laptops.filter((name) => flavourOf(name) === 'resolved');
    await Promise.all(resolved.map((name) => this.#startResolved(laptops[name])));
  }

  async #startResolved(laptop: Space): Promise<void> {
    const { bus, resolver } = resolvedPrograms(laptop.name, this.#laptopPaths());
    // A resolver that comes while the bus is not listening yet may never try again.
    await laptop.keepRunning([bus]);
    await this.#answers(laptop, bus, busCommand);
    await laptop.keepRunning([bus, resolver]);
    for (const command of resolvedLinkCommands(this.#layout.plan)) await this.#answers(laptop, resolver, command);
  }

  /** Waits until the command, which asks this program, succeeds. */
  async #answers(laptop: Space, program: SpaceProgram, command: readonly string[]): Promise<void> {
    await waitFor(
      async () => ((await laptop.run(command)).status === 0 ? true : undefined),
      30_000,
      () =>
        new SandboxFailure({
          code: 'sandbox-component-failed',
          cause: `${program.name} of ${laptop.name} does not answer.`,
          fix: `Read ${program.log}.`,
        }),
    );
  }
}
