/**
 * A computer in namespaces: a Debian desktop with a real systemd as its first process, in the network of a laptop. What is
 * installed and changed in it is in memory and gone with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { removeCgroup } from '../../../sandbox/cgroups.ts';
import { eventually, must, type Place, run } from '../programs.ts';
import { rootFileSystem } from './root-file-system.ts';

/** systemd wants a cgroup of version 2 for itself, and on a hybrid machine the one of its name too (cgroups(7)). */
const hierarchies = ['unified', 'systemd'];

export class Computer {
  readonly #unshare: ChildProcess;
  readonly #folder: string;
  readonly #cgroup: string;
  #first = 0;

  private constructor(unshare: ChildProcess, folder: string, cgroup: string) {
    this.#unshare = unshare;
    this.#folder = folder;
    this.#cgroup = cgroup;
  }

  /** Boots it in the network of `holder`, a process; `resolver` is its resolv.conf. */
  static async boot(holder: number, resolver: string): Promise<Computer> {
    const lower = await rootFileSystem();
    const folder = mkdtempSync(join(tmpdir(), 'slipway-computer-'));
    const cgroup = basename(folder);
    const [top, resolverFile] = [join(folder, 'top'), join(folder, 'resolv.conf')];
    mkdirSync(top);
    writeFileSync(resolverFile, resolver);
    const enter = hierarchies.map((name) => join('/sys/fs/cgroup', name, cgroup));
    for (const path of enter) {
      mkdirSync(path);
    }
    const entering = enter.map((path) => `echo $$ > ${path}/cgroup.procs`).join(' && ');
    const namespaces = ['--mount', '--pid', '--uts', '--ipc', '--cgroup', '--fork', '--kill-child'];
    const boot = ['sh', join(import.meta.dirname, 'boot.sh'), lower, top, resolverFile];
    const script = `${entering} && exec nsenter --net=/proc/${holder}/ns/net unshare ${namespaces.join(' ')} "$@"`;
    const unshare = spawn('sh', ['-c', script, 'sh', ...boot], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const output of [unshare.stdout, unshare.stderr]) {
      output?.on('data', (chunk) => {
        said = `${said}${chunk}`.slice(-4000);
      });
    }
    const computer = new Computer(unshare, folder, cgroup);
    if (!(await eventually(() => computer.#isUp(), 60_000))) {
      await computer.end();
      throw new Error(`the computer did not come up\n${said}`);
    }
    return computer;
  }

  async #isUp(): Promise<boolean> {
    const { pid } = this.#unshare;
    const [first] = readChildren(pid ?? 0);
    if (first === undefined) {
      return false;
    }
    this.#first = first;
    const state = (await run(this.root, ['systemctl', 'is-system-running'])).stdout.trim();
    return state === 'running' || state === 'degraded';
  }

  /** Its programs run as root here. */
  get root(): Place {
    return {
      enter: ['nsenter', '--target', `${this.#first}`, '--all', '--root', '--wd', '--'],
      environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' },
    };
  }

  /** Its programs run as this user, who is made where there is none. */
  async user(name: string, id: number): Promise<Place> {
    const { root } = this;
    if ((await run(root, ['id', name])).code !== 0) {
      await must(root, ['useradd', '--uid', `${id}`, '--create-home', '--shell', '/bin/bash', name]);
      await must(root, ['install', '-d', '-m', '700', '-o', name, `/run/user/${id}`]);
    }
    const as = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--init-groups', 'env', '--chdir', `/home/${name}`];
    const environment = { ...root.environment, HOME: `/home/${name}`, USER: name, XDG_RUNTIME_DIR: `/run/user/${id}` };
    return { enter: [...root.enter, ...as], environment };
  }

  /** Puts a file into it. */
  async give(from: string, to: string): Promise<void> {
    copyFileSync(from, join('/proc', `${this.#first}`, 'root', to));
  }

  /** Switches it off. */
  async end(): Promise<void> {
    const isOff = () => this.#unshare.exitCode !== null || this.#unshare.signalCode !== null;
    if (this.#first !== 0 && !isOff()) {
      await run(this.root, ['systemctl', 'poweroff']);
    }
    if (!(await eventually(async () => isOff(), 10_000))) {
      this.#unshare.kill('SIGKILL');
      await eventually(async () => isOff(), 10_000);
    }
    await removeCgroup(`/${this.#cgroup}`);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function readChildren(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
