import type { Context, ExecPlugin } from '../../../app/contract/index.ts';
import { CodeBlock } from '../../kit/CodeBlock.tsx';
import { revealed } from '../../kit/clean-text.ts';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './ClusterView.module.css';

const authenticationWords: Readonly<Record<Context['authentication'], WordId>> = {
  none: 'home.authNone',
  certificate: 'home.authCertificate',
  token: 'home.authToken',
  basic: 'home.authBasic',
  exec: 'home.authExec',
  unsupported: 'home.authUnsupported',
};

/** What a kubeconfig says of a context: where it leads, as whom, and which program it runs for that. */
export function ContextFacts({ context }: { readonly context: Context }) {
  const say = useWords();
  const { server, user, namespace, file, authentication, execPlugin, credentialFiles = [] } = context;
  return (
    <div className={styles.stack}>
      <dl className={styles.facts}>
        <dt>{say('home.server')}</dt>
        <dd>
          <ForeignText text={revealed(server)} kind="lines" bound={2000} className={styles.whole} />
        </dd>
        <dt>{say('home.userLong')}</dt>
        <dd>
          <ForeignText text={user === '' ? '–' : user} kind="lines" bound={1000} /> ·{' '}
          {say(authenticationWords[authentication])}
        </dd>
        {credentialFiles.length === 0 ? null : (
          <>
            <dt>{say('home.credentialFiles')}</dt>
            <dd>
              <ForeignText text={credentialFiles.map(revealed).join('\n')} kind="lines" className={styles.whole} />
            </dd>
          </>
        )}
        <dt>{say('home.namespace')}</dt>
        <dd>
          <ForeignText text={namespace === '' ? 'default' : namespace} />
        </dd>
        <dt>{say('home.file')}</dt>
        <dd>
          <ForeignText text={file} kind="lines" bound={4096} className={styles.whole} />
        </dd>
      </dl>
      {execPlugin === null ? null : <Plugin plugin={execPlugin} />}
    </div>
  );
}

function Plugin({ plugin }: { readonly plugin: ExecPlugin }) {
  const say = useWords();
  return (
    <div className={styles.section}>
      <span className={styles.second}>{say('home.plugin')}</span>
      <CodeBlock text={commandLine(plugin)} label={say('home.plugin')} />
      {plugin.environmentNames.length === 0 ? null : (
        <span className={styles.second}>
          {say('home.pluginEnvironment')}{' '}
          <ForeignText text={plugin.environmentNames.map(revealed).join(', ')} kind="lines" />
        </span>
      )}
    </div>
  );
}

/** Short enough that no line is cut; what is confirmed must be seen whole. In characters. */
const longestLine = 1000;

/**
 * As one would type it; what a shell would take apart is quoted, so that each argument can be told, and what cannot be
 * seen is written out.
 */
export function commandLine({ command, arguments: given }: Pick<ExecPlugin, 'command' | 'arguments'>): string {
  return [command, ...given]
    .map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : `'${revealed(part).replaceAll("'", "'\\''")}'`))
    .join(' ')
    .replaceAll(new RegExp(`(.{${longestLine}})(?=.)`, 'g'), '$1\n');
}
