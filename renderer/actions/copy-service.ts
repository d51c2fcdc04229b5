import { Copy } from 'lucide-react';
import type { Action, ActionContext } from './action.ts';
import { copyPodAddress, shownPod } from './shown-pod.ts';
import { type ShownService, shownForm, shownService } from './shown-service.ts';

/** Copies a Service's address in the form that was used last, and says what was copied. */
export async function copyAddress({ app, say }: ActionContext, shown: ShownService): Promise<void> {
  const form = shownForm(app, shown);
  if (form === null) {
    app.toasts.getState().show({ tone: 'bad', text: say('services.noForms') });
  } else {
    const isCopied = await app.host.copyText(form.text);
    app.toasts
      .getState()
      .show(
        isCopied
          ? { tone: 'fine', text: say('services.copied', { text: form.text }) }
          : { tone: 'bad', text: say('kit.copyFailed') },
      );
  }
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
