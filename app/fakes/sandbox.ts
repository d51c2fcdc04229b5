/** A sandbox that takes its time and makes nothing but a kubeconfig. */
import { cause, failure, type Problem, problem, type Result, success } from '../contract/index.ts';
import type { SandboxPort } from '../core/ports.ts';
import type { Faults } from './faults.ts';
import type { FakeKubeconfigFiles } from './kubeconfig-files.ts';

const stages = ['build', 'certificates and configuration', 'namespaces and LAN', 'control plane and nodes', 'ready'];

export const sandboxKubeconfig = '/home/jane/.cache/slipway/sandboxes/sandbox/admin.kubeconfig';

const text = [
  'clusters: [{ name: sandbox, cluster: { server: "https://10.87.0.2:6443" } }]',
  'contexts: [{ name: sandbox, context: { cluster: sandbox, user: admin } }]',
].join('\n');

export class FakeSandbox implements SandboxPort {
  /** Why this computer cannot run it. */
  unsupported: Problem | null = null;
  isUp = false;
  /** Made and not taken down. */
  isHalf = false;
  readonly #faults: Faults;
  readonly #files: FakeKubeconfigFiles;

  constructor(faults: Faults, files: FakeKubeconfigFiles) {
    this.#faults = faults;
    this.#files = files;
  }

  async start(
    progress: (text: string, fraction: number | null) => void,
    signal: AbortSignal,
  ): Promise<Result<{ kubeconfig: string }>> {
    if (this.unsupported !== null) {
      return failure(this.unsupported);
    }
    for (const [index, stage] of stages.entries()) {
      progress(stage, index === 0 ? null : index / (stages.length - 1));
      this.isHalf = index >= 2;
      const fault = await this.#faults.pass('sandbox');
      if (fault !== null || signal.aborted) {
        this.isHalf = false;
        return fault ?? failure(problem('cancelled', cause('ended')));
      }
    }
    this.isHalf = false;
    this.isUp = true;
    this.#files.texts.set(sandboxKubeconfig, text);
    return success({ kubeconfig: sandboxKubeconfig });
  }

  async stop(progress: (text: string, fraction: number | null) => void): Promise<Result<{ kubeconfig: string }>> {
    progress('stop', null);
    const fault = await this.#faults.pass('sandbox');
    if (fault !== null) {
      return fault;
    }
    this.isUp = false;
    this.#files.texts.delete(sandboxKubeconfig);
    return success({ kubeconfig: sandboxKubeconfig });
  }
}
