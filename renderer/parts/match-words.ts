/** Which words say where a search found something. Pure. */
import type { MatchField } from '../store/rank-services.ts';
import type { WordId } from '../words/words.ts';

export const fieldWords: Readonly<Record<MatchField, WordId>> = {
  name: 'services.foundName',
  'full-name': 'services.foundFullName',
  namespace: 'services.foundNamespace',
  address: 'services.foundAddress',
  'external-name': 'services.foundExternalName',
  pod: 'services.foundPod',
  endpoint: 'services.foundEndpoint',
  port: 'services.foundPort',
  type: 'services.foundType',
  label: 'services.foundLabel',
};
