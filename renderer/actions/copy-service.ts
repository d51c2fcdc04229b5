import { Copy } from 'lucide-react';
import type { Pod } from '../../app/contract/index.ts';
import { workingAddress } from '../store/address-forms.ts';
import type { WordId } from '../words/words.ts';
import type { Action, ActionContext } from './action.ts';
import { shownPod } from './shown-pod.ts';
import { namingOf, type ShownService, shownForm, shownService } from './shown-service.ts';

/** Copies a Service's address in the form that was used last, and says what was copied. */
export const copyAddress = (context: ActionContext, shown: ShownService): Promise<void> =>
  copy(context, shownForm(context.app, shown)?.text, 'services.noForms');

/** Copies the pod's main address, as it is on this laptop, and says what was copied. */
export function copyPodAddress(context: ActionContext, { addresses: [address] }: Pod): Promise<void> {
  const { app } = context;
  const naming = namingOf(app, app.window.getState().chosen);
  const text = address === undefined ? address : workingAddress(address, naming).text;
  return copy(context, text, 'pods.noAddress');
}

/** `none` is said where there is nothing to copy. */
async function copy({ app, say }: ActionContext, text: string | undefined, none: WordId): Promise<void> {
  const { show } = app.toasts.getState();
  if (text === undefined) {
    show({ tone: 'bad', text: say(none) });
    return;
  }
  const isCopied = await app.host.copyText(text);
  show(
    isCopied ? { tone: 'fine', text: say('services.copied', { text }) } : { tone: 'bad', text: say('kit.copyFailed') },
  );
}

export const copyService: Action = {
  id: 'copy-service',
  words: 'actions.copyService',
  group: 'service',
  icon: Copy,
  keys: 'C',
  isAvailable: ({ app }) => shownService(app) !== null || shownPod(app) !== null,
  run: async (context) => {
    const shown = shownService(context.app);
    const pod = shownPod(context.app);
    if (shown !== null) {
      await copyAddress(context, shown);
    } else if (pod !== null) {
      await copyPodAddress(context, pod.pod);
    }
  },
};
