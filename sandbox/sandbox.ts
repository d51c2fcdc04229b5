import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AddressPlan } from './address-plan.ts';
import { forgetEarlierBoot } from './boot.ts';
import { BringUp } from './bring-up.ts';
import { removeCgroup } from './cgroups.ts';
import { Cluster } from './cluster.ts';
import { attach, type RunOptions, type RunResult, run } from './commands.ts';
import { footprintTexts } from './footprint.ts';
import { contextName } from './kubeconfig.ts';
import { laptopEnvironment, laptopShell, withLauncher } from './laptop.ts';
import { Layout } from './layout.ts';
import { withLock } from './lock.ts';
import { type Materials, missingMaterials, prepareMaterials } from './materials.ts';
import {
  cacheFolder,
  completeOptions,
  flavourOf,
  type LaptopFlavour,
  type LaptopName,
  type LinkOptions,
  parseSettings,
  type SandboxOptions,
  type SandboxSettings,
} from './options.ts';
import { SandboxFailure, type SandboxProblem } from './problems.ts';
import { findProblems } from './requirements.ts';
import type { ProgramStatus, Space } from './space.ts';

export type { AddressPlan } from './address-plan.ts';
export type { LaptopFlavour, LaptopName, LinkOptions, SandboxOptions } from './options.ts';
export { SandboxFailure, type SandboxProblem } from './problems.ts';

/** One line of progress while the sandbox is brought up or down. */
export interface SandboxProgress {
  text: string;
  /** Seconds since the command began. */
  seconds: number;
}

/** A laptop in the sandbox's LAN. */
export interface Laptop {
  name: LaptopName;
  flavour: LaptopFlavour;
  address: string;
  /** Put before a command to run it there: `[...laptop.enter, 'curl', url]`. Its working folder is this process's. */
  enter: readonly string[];
  /** For such commands: the laptop's tools in PATH, runtime folders of its own, KUBECONFIG. */
  environment: NodeJS.ProcessEnv;
  /** The process that holds the namespaces; killing it is the laptop vanishing. */
  pid: number;
}

export interface SpaceStatus {
  name: string;
  running: boolean;
  programs: readonly ProgramStatus[];
}

export interface SandboxStatus {
  name: string;
  up: boolean;
  /** Whether the API server says that it is ready. */
  ready: boolean;
  context: string;
  kubeconfig: string;
  state: string;
  settings: SandboxSettings;
  spaces: readonly SpaceStatus[];
}

/** A space by name: a part of the sandbox with a network of its own. */
export type SpaceName = 'lan' | 'control-plane' | `node${number}` | `laptop-${LaptopName}`;

/** Raised where the programs of these files would not run in spaces that earlier ones made. */
const version = '2';

/** A real Kubernetes on this machine. Made by openSandbox; nothing happens until `up`. */
export class Sandbox {
  readonly #layout: Layout;
  readonly #cache: string;
  #materials: Materials | undefined;

  constructor(settings: SandboxSettings) {
    this.#layout = new Layout(settings);
    this.#cache = cacheFolder();
  }

  get settings(): SandboxSettings {
    return this.#layout.settings;
  }

  get addresses(): AddressPlan {
    return this.#layout.plan;
  }

  /** Path of the administrator's kubeconfig; its only context is `sandbox`. It is merged nowhere. */
  get kubeconfig(): string {
    return this.#layout.kubeconfig;
  }

  /** Folder with certificates, logs and all else that belongs to this sandbox. */
  get state(): string {
    return this.#layout.state;
  }

  /** File with a line per query that the office resolver got: time, asker, transport, type, name. */
  get officeQueries(): string {
    return this.#layout.officeQueries;
  }

  /** File with a line per object that somebody other than the cluster itself made, in audit.k8s.io/v1. */
  get auditLog(): string {
    return this.#layout.auditLog;
  }

  /** What keeps this machine from running it; empty when nothing does. Changes nothing. */
  async check(): Promise<SandboxProblem[]> {
    const built = await readdir(this.#cache).catch(() => []);
    const has = {
      built: built.some((name) => name.startsWith('kubernetes-')),
      running: this.#layout.spaces.some((space) => space.pid),
    };
    return findProblems(this.addresses, { cache: this.#cache, state: this.state }, this.settings, has);
  }

  /** Builds what is missing, starts what does not run, and returns when the workload answers. Throws SandboxFailure. */
  async up(onProgress: (progress: SandboxProgress) => void = () => {}): Promise<void> {
    const say = reporter(onProgress);
    const [problem] = await this.check();
    if (problem) throw new SandboxFailure(problem);
    if (!this.#layout.spaces.some((space) => space.pid)) {
      const missing = await missingMaterials(this.#cache, this.settings.laptops);
      footprintTexts(missing, this.#cache).forEach(say);
    }
    this.#materials = await prepareMaterials(this.#cache, this.settings.laptops, say);
    const materials = this.#materials;
    await this.#exclusively(say, async () => {
      if (await forgetEarlierBoot(this.state)) say('the machine was started anew: begin with an empty cluster');
      if (this.#isOfOtherVersion()) {
        say('it was made by another version: begin with an empty cluster');
        await this.#end();
        await mkdir(this.state, { recursive: true, mode: 0o700 });
      }
      await this.#rememberSettings();
      const bringUp = new BringUp(this.#layout, materials);
      const cluster = this.cluster();
      say('certificates and configuration');
      await bringUp.writeFiles();
      say('namespaces and LAN');
      await bringUp.makeSpaces();
      say('control plane and nodes');
      await bringUp.startControlPlane();
      await Promise.all([bringUp.startNodes(), bringUp.startLaptops(), cluster.waitUntilReady()]);
      say('API server ready');
      await Promise.all([
        bringUp.connectPods(cluster),
        cluster.applyManifests(this.settings, this.addresses, this.state),
      ]);
      say('workload applied');
      await cluster.waitForWorkload();
      say('ready');
    });
  }

  /** Ends everything and removes everything but the cache. Also where `up` did not get to its end. */
  async down(onProgress: (progress: SandboxProgress) => void = () => {}): Promise<void> {
    const say = reporter(onProgress);
    await this.#exclusively(say, async () => {
      say('stop');
      await this.#end();
      await rmdir(path.dirname(this.state)).catch(() => {}); // only if no other sandbox is there
      say('gone');
    });
  }

  /** Ends every space and removes what belongs to this sandbox. */
  async #end(): Promise<void> {
    const nodes = await readdir(path.join(this.state, 'spaces')).catch(() => []);
    // A sandbox that was brought up with more nodes than asked for now loses them too.
    const extra = nodes.filter((name) => /^node\d+\.json$/.test(name)).length - this.settings.nodes;
    const layout = extra > 0 ? new Layout({ ...this.settings, nodes: this.settings.nodes + extra }) : this.#layout;
    for (const space of layout.spaces) await space.destroy();
    await removeCgroup(layout.cgroup);
    // It goes with the LAN, if a moment later.
    await run([layout.lan.tool('ip'), 'link', 'delete', layout.plan.machineInterface]).catch(() => {});
    await rm(this.state, { recursive: true, force: true });
  }

  /** A running sandbox whose spaces another version of these files made: the programs of this one would not run in them. */
  #isOfOtherVersion(): boolean {
    if (!this.#layout.spaces.some((space) => space.pid)) return false;
    try {
      return readFileSync(this.#layout.versionFile, 'utf8') !== version;
    } catch {
      return true;
    }
  }

  async status(): Promise<SandboxStatus> {
    const spaces: SpaceStatus[] = [];
    for (const space of this.#layout.spaces) {
      if (space.pid) spaces.push({ name: space.name, running: true, programs: await space.programs().catch(() => []) });
      else if (this.#expects(space)) spaces.push({ name: space.name, running: false, programs: [] });
    }
    const { kubeconfig, state } = this;
    const up =
      spaces.length > 0 && spaces.every((space) => space.running && space.programs.every((one) => one.running));
    const ready =
      up &&
      (await this.cluster()
        .isReady()
        .catch(() => false));
    return {
      name: this.settings.name,
      up,
      ready,
      context: contextName,
      kubeconfig,
      state,
      settings: this.settings,
      spaces,
    };
  }

  #expects(space: Space): boolean {
    const { laptops } = this.#layout;
    const unasked = Object.entries(laptops).filter(([name]) => !this.settings.laptops.some((one) => one === name));
    return !unasked.some(([, one]) => one === space);
  }

  /** How to run programs on a laptop. Throws SandboxFailure `sandbox-not-up`. */
  laptop(name: LaptopName = this.settings.laptops[0] ?? 'plain'): Laptop {
    const space = this.#layout.laptops[name];
    return {
      name,
      flavour: flavourOf(name),
      address: this.addresses.laptops[name],
      // Entering a mount namespace leads to its root folder (setns(2)), so go back.
      enter: space.enter(['net', 'mount'], process.cwd()),
      environment: laptopEnvironment(this.kubeconfig),
      pid: space.pid ?? 0,
    };
  }

  /** Any part of the sandbox, to look into it, or to break it in a test. */
  space(name: SpaceName): Space {
    const space = this.#layout.spaces.find((one) => one.name === name);
    if (!space) throw new Error(`no space ${name}`);
    return space;
  }

  /** kubectl as the administrator, from the control plane's own network. */
  cluster(): Cluster {
    const kubectl = path.join(this.state, 'kubectl');
    return new Cluster(this.#layout.controlPlane, kubectl, this.kubeconfig);
  }

  /** Emulates a link between a laptop and the LAN; undefined is a plain cable again. Takes effect at once. */
  async setLink(
    link: LinkOptions | undefined,
    laptop: LaptopName = this.settings.laptops[0] ?? 'plain',
  ): Promise<void> {
    await (await this.#bringUp()).setLink(laptop, link);
  }

  /** Puts an image (docker or OCI archive) into every node, so that pods need not pull it. */
  async importImage(file: string): Promise<void> {
    const bringUp = await this.#bringUp();
    await Promise.all(this.#layout.nodes.map((_, index) => bringUp.importImage(index, path.resolve(file))));
  }

  /** Runs a command on a laptop to its end. */
  run(command: readonly string[], options: RunOptions & { laptop?: LaptopName } = {}): Promise<RunResult> {
    const laptop = this.laptop(options.laptop);
    return run([...laptop.enter, ...command], { environment: laptop.environment, ...options });
  }

  /** Runs a command, or without one a shell, on a laptop and this terminal. Returns its exit status. */
  shell(command: readonly string[] = [], name?: LaptopName): Promise<number> {
    const { enter, environment } = this.laptop(name);
    if (command.length > 0) return attach([...enter, ...command], withLauncher(environment));
    const shell = laptopShell(process.env.SHELL || 'sh', environment);
    return attach([...enter, ...shell.command], shell.environment);
  }

  async #bringUp(): Promise<BringUp> {
    this.#materials ??= await prepareMaterials(this.#cache, this.settings.laptops, () => {});
    return new BringUp(this.#layout, this.#materials);
  }

  #exclusively(say: (text: string) => void, action: () => Promise<void>): Promise<void> {
    return withLock(this.state, () => say('another process changes this sandbox: wait for it'), action);
  }

  /** A running sandbox may get another laptop, but not other ranges. */
  async #rememberSettings(): Promise<void> {
    const known = knownSettings(this.#layout);
    const isRunning = this.#layout.spaces.some((space) => space.pid);
    if (
      known &&
      isRunning &&
      !isDeepStrictEqual({ ...known, laptops: [], link: 0 }, { ...this.settings, laptops: [], link: 0 })
    ) {
      throw new SandboxFailure({
        code: 'sandbox-options-differ',
        cause: `The sandbox ${this.settings.name} is up with other options: ${JSON.stringify(known)}.`,
        fix: 'Run `slipway sandbox down` first, or give this one another --name.',
      });
    }
    await mkdir(this.state, { recursive: true, mode: 0o700 });
    await writeFile(this.#layout.settingsFile, JSON.stringify(this.settings));
    await writeFile(this.#layout.versionFile, version);
  }
}

function knownSettings(layout: Layout): SandboxSettings | undefined {
  try {
    return parseSettings(readFileSync(layout.settingsFile, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * A sandbox by its options. What a caller leaves open is taken from a sandbox of that name
 * that is there already, else from the defaults. Throws SandboxFailure `sandbox-option-invalid`.
 */
export function openSandbox(options: SandboxOptions = {}): Sandbox {
  const known = knownSettings(new Layout(completeOptions({ name: options.name })));
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return new Sandbox(completeOptions({ ...known, ...given }));
}

function reporter(onProgress: (progress: SandboxProgress) => void): (text: string) => void {
  const begin = performance.now();
  return (text) => onProgress({ text, seconds: (performance.now() - begin) / 1000 });
}
