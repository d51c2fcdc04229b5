import { describe, expect, it } from 'vitest';
import { failure, problem, success } from '../../app/contract/index.ts';
import { memoryHost } from '../host/memory-host.ts';
import { sampleSnapshot } from '../preview/samples.ts';
import { createApp } from '../store/app.ts';
import { chinese } from '../words/chinese.ts';
import { createWords, sayWith } from '../words/words.ts';
import { addFiles } from './add-kubeconfig.ts';

/** A window whose host tells paths, or does not, and what the core was asked to add. */
function dropOn({ paths, isRefused = false }: { readonly paths: boolean; readonly isRefused?: boolean }) {
  const added: unknown[] = [];
  const host = memoryHost({
    snapshot: sampleSnapshot,
    answers: {
      addKubeconfig: ({ source }) => {
        added.push(source);
        const cause = 'bad.yaml is not a kubeconfig with a context';
        return isRefused
          ? failure(problem('kubeconfig-unreadable', cause, { file: 'bad.yaml' }))
          : success({ file: '/kept/config.yaml', contexts: ['one', 'two'] });
      },
    },
  });
  const app = createApp({ ...host, pathOfFile: (file) => (paths ? `/home/ada/${file.name}` : null) }, null);
  const say = sayWith(createWords('zh-CN', chinese));
  return { context: { app, say }, added, notes: () => app.toasts.getState().toasts };
}

describe('a kubeconfig that is dropped', () => {
  it('is added by its path where the host tells it, so that the file itself is watched', async () => {
    const { context, added, notes } = dropOn({ paths: true });
    await addFiles(context, [new File(['a: 1'], 'config.yaml')]);
    expect(added).toEqual([{ kind: 'file', path: '/home/ada/config.yaml' }]);
    expect(notes()).toMatchObject([{ tone: 'fine', text: '已从 config.yaml 添加 2 个上下文' }]);
  });

  it('is added as text in a browser', async () => {
    const { context, added } = dropOn({ paths: false });
    await addFiles(context, [new File(['a: 1'], 'config.yaml'), new File(['b: 2'], 'other.yaml')]);
    expect(added).toEqual([
      { kind: 'text', name: 'config.yaml', text: 'a: 1' },
      { kind: 'text', name: 'other.yaml', text: 'b: 2' },
    ]);
  });

  it('is not read where it is larger than any kubeconfig', async () => {
    const { context, added, notes } = dropOn({ paths: false });
    await addFiles(context, [new File(['x'.repeat((1 << 20) + 1)], 'disk.img')]);
    expect(added).toEqual([]);
    expect(notes()).toMatchObject([{ tone: 'bad' }]);
  });

  it('is refused in the language of the window', async () => {
    const { context, notes } = dropOn({ paths: false, isRefused: true });
    await addFiles(context, [new File(['x: ['], 'bad.yaml')]);
    expect(notes()[0]?.text).toBe('无法读取 kubeconfig bad.yaml: bad.yaml is not a kubeconfig with a context');
  });
});
