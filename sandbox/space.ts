import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bootId } from './boot.ts';
import { makeCgroup, removeCgroup } from './cgroups.ts';
import { output, type RunOptions, type RunResult, run } from './commands.ts';
import { SandboxFailure } from './problems.ts';

/** One change to a space's file tree, see programs/space/definition.go. */
export type Step =
  | { mount: { type: string; source?: string; target: string; options?: string } }
  | { file: { path: string; text: string; mode?: number; append?: boolean } }
  | { link: { path: string; target: string } }
  | { folder: { path: string; mode?: number; owner?: number } }
  | { device: { path: string; major: number; minor: number; mode: number } };

/** A file tree other than the machine's for a space. Folders are the machine's and absolute. */
export interface SpaceRoot {
  /** What the space sees as its root, with a layer in memory over it. */
  tree: string;
  /** What stays visible in it at the same paths. /proc, /sys and /dev do anyway. */
  shown: readonly string[];
}

export interface SpaceDefinition {
  processNamespace: boolean;
  /** The machine's own tree where there is none. */
  root?: SpaceRoot;
  /** The space's own, emptied when it starts: kubelet takes minutes over what an earlier life left there. */
  cgroup: string;
  /** A cgroup below its own that the space itself is in. */
  daemonCgroup?: string;
  steps: readonly Step[];
  sharedPropagation?: boolean;
  settings?: Readonly<Record<string, string>>;
}

/** A program that a space keeps running. */
export interface SpaceProgram {
  name: string;
  arguments: readonly string[];
  environment: readonly string[];
  log: string;
}

export interface ProgramStatus {
  name: string;
  running: boolean;
  pid: number;
  starts: number;
  lastExit: string;
}

interface SpaceRecord {
  pid: number;
  startTime: string;
  /** Start times and process ids count from the start of the kernel. */
  boot?: string;
  /** What /proc/PID/ns/net links to. The kernel gives such a number again once the namespace is gone. */
  network: string;
  identity: string;
}

/** Every space has a /run of its own and in it this file, which tells its processes from all others. */
const identityFile = '/run/space-identity';

/** Where one sandbox's spaces are kept track of. */
export interface SpaceFolders {
  state: string;
  logs: string;
}

/** One set of namespaces with a first process that holds them and supervises programs in them. */
export class Space {
  readonly name: string;
  readonly #folders: SpaceFolders;

  constructor(name: string, folders: SpaceFolders) {
    this.name = name;
    this.#folders = folders;
  }

  /** Process id of the first process on this machine, if it lives. */
  get pid(): number | undefined {
    const record = this.#record();
    if (!record || (record.boot ?? bootId()) !== bootId()) return undefined;
    return startTime(record.pid) === record.startTime ? record.pid : undefined;
  }

  get #recordFile(): string {
    return path.join(this.#folders.state, 'spaces', `${this.name}.json`);
  }

  get #controlSocket(): string {
    return path.join(this.#folders.state, 'spaces', `${this.name}.sock`);
  }

  #record(): SpaceRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.#recordFile, 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** Makes the namespaces by programs/space, if they are not there. Says whether it had to. */
  async start(definition: SpaceDefinition, spaceProgram: string): Promise<boolean> {
    if (this.pid) return false;
    await this.destroy();
    await mkdir(path.dirname(this.#recordFile), { recursive: true, mode: 0o700 });
    const definitionFile = path.join(this.#folders.state, 'spaces', `${this.name}.definition.json`);
    const { cgroup, daemonCgroup, steps, ...rest } = definition;
    await removeCgroup(cgroup);
    const identity = randomUUID();
    const text = JSON.stringify({
      ...rest,
      name: this.name,
      cgroupFolders: await makeCgroup(daemonCgroup ?? cgroup),
      steps: [...ownRun(identity), ...steps].map(withDefaultMode),
      controlSocket: this.#controlSocket,
      log: path.join(this.#folders.logs, `${this.name}.log`),
    });
    await writeFile(definitionFile, text, { mode: 0o600 });
    const answer: { pid: number } = JSON.parse(await output([spaceProgram, 'start', definitionFile]));
    const record: SpaceRecord = {
      pid: answer.pid,
      startTime: startTime(answer.pid) ?? '',
      boot: bootId(),
      network: readlinkSync(`/proc/${answer.pid}/ns/net`),
      identity,
    };
    await writeFile(this.#recordFile, JSON.stringify(record));
    return true;
  }

  /** Ends the space and everything that runs in its network. */
  async destroy(): Promise<void> {
    const record = this.#record();
    if (!record) return;
    const pid = this.pid;
    // An open descriptor keeps the namespace, and so its number cannot become another one's meanwhile.
    const held = pid ? openSync(`/proc/${pid}/ns/net`, 'r') : undefined;
    if (pid) process.kill(pid, 'SIGKILL');
    for (let attempt = 0; attempt < 100; attempt++) {
      const members = processesInNetwork(record.network).filter((member) => held !== undefined || isOf(member, record));
      if (members.length === 0) break;
      for (const member of members) {
        try {
          process.kill(member, 'SIGKILL');
        } catch {
          // it ended in between
        }
      }
      await pause(50);
    }
    if (held !== undefined) closeSync(held);
    await rm(this.#recordFile, { force: true });
    await rm(this.#controlSocket, { force: true });
  }

  /** Starts programs that do not run, restarts those that changed; they are restarted when they end. */
  async keepRunning(programs: readonly SpaceProgram[]): Promise<void> {
    await this.#ask({ do: 'add', programs });
  }

  async stopProgram(name: string, kill = false): Promise<void> {
    await this.#ask({ do: 'stop', name, kill });
  }

  async startProgram(name: string): Promise<void> {
    await this.#ask({ do: 'start', name });
  }

  async programs(): Promise<ProgramStatus[]> {
    return (await this.#ask({ do: 'status' })).programs ?? [];
  }

  /** One of the sandbox's own tools (clusterPackages), for the machine's tree. */
  tool(name: 'ip' | 'nsenter'): string {
    return path.join(this.#folders.state, 'tools', name);
  }

  /**
   * What to put before a command to run it in this space's namespaces, in `folder` of its file tree where one is named.
   * Throws SandboxFailure `sandbox-not-up`.
   */
  enter(namespaces: readonly ('net' | 'mount' | 'pid' | 'ipc' | 'uts')[], folder?: string): string[] {
    const pid = this.pid;
    if (!pid) {
      throw new SandboxFailure({
        code: 'sandbox-not-up',
        cause: `The sandbox’s ${this.name} is not running.`,
        fix: 'Run `slipway sandbox up`.',
      });
    }
    const files = { net: 'net', mount: 'mnt', pid: 'pid', ipc: 'ipc', uts: 'uts' };
    const entered = namespaces.map((name) => `--${name}=/proc/${pid}/ns/${files[name]}`);
    return [this.tool('nsenter'), ...entered, ...(folder === undefined ? [] : [`--wdns=${folder}`]), '--'];
  }

  /** Runs `ip -batch` in the space's network. */
  async ip(lines: readonly string[]): Promise<void> {
    await output([...this.enter(['net']), this.tool('ip'), '-batch', '-'], { input: `${lines.join('\n')}\n` });
  }

  /** Runs a command in the space's network and file tree (and processes, for a space that has its own). */
  async run(command: readonly string[], options: RunOptions & { ownProcesses?: boolean } = {}): Promise<RunResult> {
    const namespaces = options.ownProcesses
      ? (['net', 'mount', 'pid', 'ipc', 'uts'] as const)
      : (['net', 'mount'] as const);
    return run([...this.enter(namespaces), ...command], options);
  }

  #ask(request: object): Promise<{ programs?: ProgramStatus[] }> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#controlSocket);
      let text = '';
      socket.setEncoding('utf8').setTimeout(30_000, () => socket.destroy(new Error(`${this.name} does not answer`)));
      socket.on('error', reject);
      socket.on('data', (part) => {
        text += part;
      });
      socket.on('end', () => {
        try {
          const answer: { error?: string; programs?: ProgramStatus[] } = JSON.parse(text);
          if (answer.error) reject(new Error(`${this.name}: ${answer.error}`));
          else resolve(answer);
        } catch (error) {
          reject(error);
        }
      });
      socket.write(JSON.stringify(request));
    });
  }
}

/** As after a boot: no stale sockets, leases or network namespaces. */
function ownRun(identity: string): Step[] {
  return [
    { mount: { type: 'tmpfs', source: 'tmpfs', target: '/run', options: 'mode=755' } },
    { folder: { path: '/run/netns' } },
    { folder: { path: '/run/lock', mode: 0o1777 } },
    { file: { path: identityFile, text: identity } },
  ];
}

function withDefaultMode(step: Step): Step {
  if ('file' in step) return { file: { mode: 0o644, ...step.file } };
  if ('folder' in step) return { folder: { mode: 0o755, owner: 0, ...step.folder } };
  return step;
}

/** Start time of a process in clock ticks (proc(5), field 22), which tells it from a later one of the same id; zombies have none. */
export function startTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function processesInNetwork(network: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/ns/net`) === network && startTime(pid) !== undefined;
      } catch {
        return false;
      }
    });
}

/** Whether a process sees the identity that was written into the space's own file tree. */
function isOf(pid: number, record: SpaceRecord): boolean {
  try {
    return readFileSync(`/proc/${pid}/root${identityFile}`, 'utf8') === record.identity;
  } catch {
    return false;
  }
}
