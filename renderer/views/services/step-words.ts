/** Sentences of app/core/diagnostics/test-service.ts in the window's language; what is not known is shown as it came. */
import type { TestStep } from '../../../app/contract/index.ts';
import { type Rule, type Said, saidBy } from '../diagnostics/check-words.ts';

const ofSteps: readonly Rule[] = [
  [/^(\S+) is (\S+)$/, 'services.said.name', 'name', 'address'],
  [/^(\d+) of (\d+) ready$/, 'services.said.ready', 'ready', 'total'],
  [/^names are off; its address is (\S+)$/, 'services.said.namesOff', 'address'],
  [/^it speaks no HTTP$/, 'services.said.noHttp'],
  [/^an earlier step failed$/, 'diagnostics.said.earlier'],
  [/^it is an alias of (.+), outside the cluster$/, 'services.said.alias', 'name'],
  [/^the API server is its own endpoint$/, 'services.said.ownEndpoint'],
  [/^the catalogue does not show this Service$/, 'services.said.unseen'],
  [/^the engine did not say$/, 'diagnostics.said.needsEngine'],
];

export const stepSaid = ({ answer }: Pick<TestStep, 'answer'>): Said | null => saidBy(ofSteps, answer);
