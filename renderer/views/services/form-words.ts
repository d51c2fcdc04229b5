/** How each form of a Service's address is called. */
import type { CopyForm } from '../../../app/contract/index.ts';
import type { WordId } from '../../words/words.ts';

export const formWords: Readonly<Record<CopyForm, WordId>> = {
  name: 'services.formName',
  'full-name': 'services.formFullName',
  'short-name': 'services.formShortName',
  'host-port': 'services.formHostPort',
  url: 'services.formUrl',
  'cluster-ip': 'services.formClusterIp',
  environment: 'services.formEnvironment',
  curl: 'services.formCurl',
  psql: 'services.formPsql',
  'redis-cli': 'services.formRedis',
  grpcurl: 'services.formGrpcurl',
};
