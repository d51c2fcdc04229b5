import { Globe } from 'lucide-react';
import { keyText } from '../../app/contract/index.ts';
import type { Action, ActionContext } from './action.ts';

/** Asks every resolver for a name; an empty one takes a name of the cluster and an outside one. */
export async function askResolvers({ app }: ActionContext, name: string): Promise<void> {
  const { chosen } = app.window.getState();
  if (chosen !== null) {
    await app.inquiries.resolvers.ask(keyText(chosen), { ...chosen, name });
  }
}

export const testResolvers: Action = {
  id: 'test-resolvers',
  words: 'routes.testResolvers',
  group: 'connection',
  icon: Globe,
  isAvailable: ({ app }) => app.mirror.getState().link.kind === 'live' && app.window.getState().chosen !== null,
  run: (context) => {
    context.app.window.setState({ view: 'cluster', tab: 'routes', isListing: false });
    return askResolvers(context, '');
  },
};
