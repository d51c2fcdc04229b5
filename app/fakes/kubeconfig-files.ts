/** Kubeconfig files without a disk: texts by path, those of the user and those that were kept. */
import { parse } from 'yaml';
import { cause, failure, problem, type Result, success } from '../contract/index.ts';
import type { KubeconfigFilesPort } from '../core/ports.ts';

const keptFolder = '/home/jane/.config/slipway/kubeconfigs/';

export class FakeKubeconfigFiles implements KubeconfigFilesPort {
  /** Every file there is, by path. */
  readonly texts = new Map<string, string>();
  #count = 0;

  async check(path: string): Promise<Result<{ file: string }>> {
    if (!path.startsWith('/')) {
      return failure(problem('usage', cause('noPath', { path })));
    }
    return checked(path, this.texts.get(path) ?? '');
  }

  async keep(name: string, text: string): Promise<Result<{ file: string }>> {
    const found = checked(name, text);
    if (!found.ok) {
      return found;
    }
    this.#count += 1;
    const file = `${keptFolder}kept-${this.#count}.yaml`;
    this.texts.set(file, text);
    return success({ file });
  }

  async forget(file: string): Promise<Result<null>> {
    if (file.startsWith(keptFolder)) {
      this.texts.delete(file);
    }
    return success(null);
  }

  countKept(): number {
    return [...this.texts.keys()].filter((file) => file.startsWith(keptFolder)).length;
  }

  /** Contexts that a file names; none where there is no such file. */
  contextsOf(file: string): { name: string; server: string }[] {
    return contextsIn(this.texts.get(file) ?? '') ?? [];
  }
}

function checked(file: string, text: string): Result<{ file: string }> {
  const contexts = contextsIn(text);
  return contexts === null || contexts.length === 0
    ? failure(problem('kubeconfig-unreadable', `${file} is not a kubeconfig with a context`, { file }))
    : success({ file });
}

/** Null where the text is no kubeconfig. */
function contextsIn(text: string): { name: string; server: string }[] | null {
  let document: unknown;
  try {
    document = parse(text);
  } catch {
    return null;
  }
  if (typeof document !== 'object' || document === null) {
    return null;
  }
  const { contexts = [], clusters = [] } = document as {
    contexts?: readonly { name: string; context?: { cluster?: string } }[];
    clusters?: readonly { name: string; cluster?: { server?: string } }[];
  };
  return contexts.map(({ name, context }) => ({
    name,
    server: clusters.find((cluster) => cluster.name === context?.cluster)?.cluster?.server ?? '',
  }));
}
