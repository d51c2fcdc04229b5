import { mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { type BuildCache, keyOf, sourcesIn } from './build-cache.ts';
import { CommandFailure, output } from './commands.ts';
import { SandboxFailure } from './problems.ts';

/** Names that the one Kubernetes binary is called by. */
const components = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
] as const;

/** The sandbox's own programs, `sandbox/programs/NAME`. */
const programs = ['space', 'certificates', 'office', 'link', 'probe', 'workload', 'pause'] as const;

/** Folders with binaries that run anywhere: they are static. */
export interface GoBinaries {
  /** kube-apiserver … kubectl */
  kubernetes: string;
  etcd: string;
  coredns: string;
  programs: string;
}

const sourceFolder = import.meta.dirname;
const isSource = (name: string) => /\.(go|asc)$|^go\.(mod|sum)$/.test(name) && !name.endsWith('_test.go');

/** What `go build` is asked for in each module: its targets, and the name of the result where it is one program. */
const modules = {
  debian: { targets: ['.'], result: 'debian' },
  programs: { targets: programs.map((name) => `./${name}`), result: '' },
  coredns: { targets: ['.'], result: 'coredns' },
  etcd: { targets: ['go.etcd.io/etcd/server/v3'], result: 'etcd' },
  kubernetes: { targets: ['.'], result: 'kubernetes' },
} as const;
type Module = keyof typeof modules;

/** Builds what is not in the cache yet. Throws SandboxFailure `sandbox-build-failed`. */
export async function buildGoBinaries(cache: BuildCache, say: (text: string) => void): Promise<GoBinaries> {
  // One after the other: each link takes a processor and much memory.
  const progress = new CompileProgress(cache, ['programs', 'coredns', 'etcd', 'kubernetes'], say);
  return {
    programs: await build(cache, 'programs', progress),
    coredns: await build(cache, 'coredns', progress),
    etcd: await build(cache, 'etcd', progress),
    kubernetes: await build(cache, 'kubernetes', progress),
  };
}

/** The program that reads Debian's archive, likewise. */
export async function buildArchiveReader(cache: BuildCache, say: (text: string) => void): Promise<string> {
  return path.join(await build(cache, 'debian', new CompileProgress(cache, ['debian'], say)), 'debian');
}

/** The folder of kube-apiserver … kubectl, likewise. */
export function buildKubernetes(cache: BuildCache, say: (text: string) => void): Promise<string> {
  return build(cache, 'kubernetes', new CompileProgress(cache, ['kubernetes'], say));
}

/** It stays the same while this runs. A key of each module is needed for the survey, the count and the build. */
let goVersion: Promise<string> | undefined;

async function keyOfModule(module: Module): Promise<string> {
  goVersion ??= output(['go', 'env', 'GOVERSION'], { folder: path.join(sourceFolder, 'programs') });
  const version = (await goVersion).trim();
  return keyOf(version, process.arch, ...(await sourcesIn(path.join(sourceFolder, module), isSource)));
}

async function build(cache: BuildCache, module: Module, progress: CompileProgress): Promise<string> {
  const { targets, result } = modules[module];
  return cache.provide(
    module,
    await keyOfModule(module),
    async (folder) => {
      const compiled = await progress.begin(module);
      await mkdir(folder, { recursive: true });
      const isKubernetes = module === 'kubernetes';
      const stamp = isKubernetes ? versionStamp(await readFile(path.join(sourceFolder, module, 'go.mod'), 'utf8')) : '';
      await go(['build', '-v', ...flags(stamp), '-o', `${folder}/${result}`, ...targets], module, compiled);
      if (isKubernetes) for (const component of components) await symlink(result, path.join(folder, component));
    },
    () => progress.say(`another process builds ${module}: wait for it`),
  );
}

/** How far compiling is, over all modules that have to be built: counted in packages, each once. */
class CompileProgress {
  readonly say: (text: string) => void;
  readonly #cache: BuildCache;
  readonly #modules: readonly Module[];
  #total = 0;
  #done = 0;
  #began = 0;
  #toldAt = 0;

  constructor(cache: BuildCache, wanted: readonly Module[], say: (text: string) => void) {
    this.#cache = cache;
    this.#modules = wanted;
    this.say = say;
  }

  /** Answers what is to hear what `go build -v` says. */
  async begin(module: Module): Promise<(text: string) => void> {
    if (this.#began === 0) {
      this.say('fetch Go modules and count what is to be compiled');
      this.#total = await this.#count();
      this.#began = performance.now();
    }
    this.#tell(module);
    return (text) => {
      this.#done += compiledIn(text);
      if (performance.now() - this.#toldAt >= tellEvery) this.#tell(module);
    };
  }

  #tell(module: Module): void {
    this.#toldAt = performance.now();
    this.say(`build ${module}${buildProgress(this.#done, this.#total, (this.#toldAt - this.#began) / 1000)}`);
  }

  async #count(): Promise<number> {
    const packages = new Set<string>();
    for (const module of this.#modules) {
      if (await this.#cache.has(module, await keyOfModule(module))) continue;
      const form = '{{if .Stale}}{{.ImportPath}}@{{with .Module}}{{.Version}}{{end}}{{end}}';
      const text = await go(['list', '-deps', '-trimpath', '-f', form, ...modules[module].targets], module);
      for (const line of text.split('\n')) if (line) packages.add(line);
    }
    return packages.size;
  }
}

/** Milliseconds between two lines about how far it is. */
const tellEvery = 15_000;

/** Seconds of compiling before what remains is told by them: the first packages are small. */
const soonest = 20;

/** How many packages a piece of what `go build -v` says names: a line each, beside those about downloads. */
export function compiledIn(text: string): number {
  return text.split('\n').filter((line) => /^[^\s:#]+$/.test(line)).length;
}

/** `: 512 of 3018 packages, about 6 min left`; empty where nothing is to be compiled. */
export function buildProgress(done: number, total: number, seconds: number): string {
  if (total === 0) return '';
  const counted = `: ${Math.min(done, total)} of ${total} packages`;
  if (seconds < soonest || done === 0 || done >= total) return counted;
  const left = ((total - done) * seconds) / done;
  return `${counted}, about ${left < 90 ? `${Math.ceil(left / 10) * 10} s` : `${Math.round(left / 60)} min`} left`;
}

function flags(linkerFlags = ''): string[] {
  return ['-p', '2', '-trimpath', `-ldflags=-s -w ${linkerFlags}`.trimEnd()];
}

async function go(argumentList: readonly string[], module: Module, hear?: (text: string) => void): Promise<string> {
  try {
    return await output(['go', ...argumentList], {
      niceness: 10,
      onOutput: hear,
      folder: path.join(sourceFolder, module),
      environment: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=readonly', GOWORK: 'off' },
    });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const { stderr, status } = error.result;
    const said = stderr.split('\n').filter((line) => line.trim() !== '' && compiledIn(line) === 0);
    throw new SandboxFailure({
      code: 'sandbox-build-failed',
      cause: `${module} could not be built: go ended with ${status}: ${said.slice(-8).join('\n')}`,
      fix: 'Check that the Go module proxy is reachable and that 5 GB of disk are free, then start again.',
    });
  }
}

/** Kubernetes takes its version from the linker; without one it calls itself v0.0.0-master. */
export function versionStamp(moduleFile: string): string {
  const version = /k8s\.io\/kubernetes (v1\.(\d+)\.\d+)/.exec(moduleFile);
  if (!version) throw new Error('go.mod names no version of k8s.io/kubernetes');
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((name) => [
      `-X ${name}.gitVersion=${version[1]}`,
      `-X ${name}.gitMajor=1`,
      `-X ${name}.gitMinor=${version[2]}`,
      `-X ${name}.gitTreeState=clean`,
      `-X ${name}.gitCommit=module`,
      `-X ${name}.buildDate=2026-01-01T00:00:00Z`,
    ])
    .join(' ');
}
