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
const isSource = (name: string) => /\.go$|^go\.(mod|sum)$/.test(name) && !name.endsWith('_test.go');

/** Builds what is not in the cache yet. Throws SandboxFailure `sandbox-build-failed`. */
export async function buildGoBinaries(cache: BuildCache, say: (text: string) => void): Promise<GoBinaries> {
  const version = await goVersion();
  // One after the other: each link takes a processor and much memory.
  return {
    programs: await build(cache, version, 'programs', say, async (folder) => {
      await go(['build', ...flags(), '-o', `${folder}/`, ...programs.map((name) => `./${name}`)], 'programs');
    }),
    coredns: await build(cache, version, 'coredns', say, async (folder) => {
      await go(['build', ...flags(), '-o', `${folder}/coredns`, '.'], 'coredns');
    }),
    etcd: await build(cache, version, 'etcd', say, async (folder) => {
      await go(['build', ...flags(), '-o', `${folder}/etcd`, 'go.etcd.io/etcd/server/v3'], 'etcd');
    }),
    kubernetes: await buildKubernetes(cache, say),
  };
}

/** The folder of kube-apiserver … kubectl, likewise. */
export async function buildKubernetes(cache: BuildCache, say: (text: string) => void): Promise<string> {
  return build(cache, await goVersion(), 'kubernetes', say, async (folder) => {
    const stamp = versionStamp(await readFile(path.join(sourceFolder, 'kubernetes', 'go.mod'), 'utf8'));
    await go(['build', ...flags(stamp), '-o', `${folder}/kubernetes`, '.'], 'kubernetes');
    for (const component of components) await symlink('kubernetes', path.join(folder, component));
  });
}

async function goVersion(): Promise<string> {
  return (await output(['go', 'env', 'GOVERSION'], { folder: path.join(sourceFolder, 'programs') })).trim();
}

async function build(
  cache: BuildCache,
  version: string,
  module: string,
  say: (text: string) => void,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const key = keyOf(version, process.arch, ...(await sourcesIn(path.join(sourceFolder, module), isSource)));
  const hint = module === 'kubernetes' ? ' (several minutes the first time)' : '';
  return cache.provide(
    module,
    key,
    async (folder) => {
      say(`build ${module}${hint}`);
      await mkdir(folder, { recursive: true });
      await make(folder);
    },
    () => say(`another process builds ${module}: wait for it`),
  );
}

function flags(linkerFlags = ''): string[] {
  return ['-p', '2', '-trimpath', `-ldflags=-s -w ${linkerFlags}`.trimEnd()];
}

async function go(argumentList: readonly string[], module: string): Promise<void> {
  const command = ['nice', '-n', '10', 'go', ...argumentList];
  try {
    await output(command, {
      folder: path.join(sourceFolder, module),
      environment: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=readonly', GOWORK: 'off' },
    });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new SandboxFailure({
      code: 'sandbox-build-failed',
      cause: `${module} could not be built: ${error.message}`,
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
