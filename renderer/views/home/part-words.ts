/** The parts of a context in the language of the window. What a kubeconfig says stays as it is, but made visible. */
import { type Context, type ContextPart, revealed } from '../../../app/contract/index.ts';
import type { Say, WordId } from '../../words/words.ts';

const words: Readonly<Record<ContextPart['part'], WordId>> = {
  server: 'home.part.server',
  'tls-server-name': 'home.part.tlsServerName',
  'certificate-authority': 'home.part.authority',
  insecure: 'home.part.insecure',
  proxy: 'home.part.proxy',
  user: 'home.part.user',
  authentication: 'home.part.authentication',
  'credential-file': 'home.part.credentialFile',
  impersonation: 'home.part.impersonation',
  plugin: 'home.part.plugin',
  'plugin-version': 'home.part.pluginVersion',
  environment: 'home.part.environment',
  'cluster-info': 'home.part.clusterInfo',
};

export const authenticationWords: Readonly<Record<Context['authentication'], WordId>> = {
  none: 'home.authNone',
  certificate: 'home.authCertificate',
  token: 'home.authToken',
  basic: 'home.authBasic',
  exec: 'home.authExec',
  unsupported: 'home.authUnsupported',
};

export function partName(say: Say, { part, name }: Pick<ContextPart, 'part' | 'name'>): string {
  return name === '' ? say(words[part]) : `${say(words[part])} ${revealed(name)}`;
}

/** The value of a part, or what stands for one that is hidden (sidesOf). */
export function partValue(say: Say, part: ContextPart['part'], value: string): string {
  if (value === 'true' && part === 'insecure') {
    return say('home.checkOff');
  }
  if (value === 'true' && part === 'cluster-info') {
    return say('home.toldYes');
  }
  if (part === 'authentication') {
    const [way = '', ...account] = value.split(': '); // of who logs in with a password, the name too
    const words = Object.hasOwn(authenticationWords, way)
      ? say(authenticationWords[way as Context['authentication']])
      : revealed(way);
    return [words, ...account.map(revealed)].join(': ');
  }
  return revealed(value);
}
