/** Adding kubeconfigs: by the system's dialog, by a browser's, and by a drop. */
import { FilePlus } from 'lucide-react';
import { type CommandInput, problem } from '../../app/contract/index.ts';
import type { Action, ActionContext } from './action.ts';
import { sayRefusal } from './connection.ts';

type Source = CommandInput<'addKubeconfig'>['source'];

/** The contract's limit of a text, in bytes; no kubeconfig that a human wrote is so large. */
const largestText = 1 << 20;

const nameOf = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

async function add(context: ActionContext, source: Source): Promise<void> {
  const { app, say } = context;
  const result = await app.host.link.call('addKubeconfig', { source });
  if (!result.ok) {
    sayRefusal(context, result.problem);
    return;
  }
  const { file, contexts } = result.value;
  const [first] = contexts;
  app.toasts
    .getState()
    .show({ tone: 'fine', text: say('settings.added', { count: contexts.length, file: nameOf(file) }) });
  // Whoever adds the first file wants to see what is in it.
  if (first !== undefined && app.window.getState().chosen === null) {
    app.window.setState({ chosen: { context: first, file } });
  }
}

/** Files of a drop or of a browser's dialog: by path where the host tells it, else by text. */
export async function addFiles(context: ActionContext, files: readonly File[]): Promise<void> {
  for (const file of files) {
    const path = context.app.host.pathOfFile(file);
    if (path !== null) {
      await add(context, { kind: 'file', path });
    } else if (file.size > largestText) {
      sayRefusal(context, problem('kubeconfig-unreadable', context.say('settings.tooLarge'), { file: file.name }));
    } else {
      const text = await file.text().catch(() => null); // a folder has none
      if (text === null) {
        sayRefusal(context, problem('kubeconfig-unreadable', context.say('settings.noFile'), { file: file.name }));
      } else {
        await add(context, { kind: 'text', name: file.name.slice(0, 200), text });
      }
    }
  }
}

function pickInBrowser(): Promise<readonly File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.multiple = true;
    input.addEventListener('change', () => resolve([...(input.files ?? [])]), { once: true });
    input.addEventListener('cancel', () => resolve([]), { once: true });
    input.click();
  });
}

export const addKubeconfig: Action = {
  id: 'add-kubeconfig',
  words: 'settings.addKubeconfig',
  group: 'connection',
  icon: FilePlus,
  isAvailable: ({ app }) => app.mirror.getState().link.kind === 'live',
  run: async (context) => {
    const picked = context.app.host.pickKubeconfigs();
    if (picked === null) {
      await addFiles(context, await pickInBrowser());
      return;
    }
    for (const path of await picked) {
      await add(context, { kind: 'file', path });
    }
  },
};
