import {
  type Context,
  type ContextPart,
  type ExecPlugin,
  type Problem,
  revealed,
} from '../../../app/contract/index.ts';
import { Badge } from '../../kit/Badge.tsx';
import { CodeBlock } from '../../kit/CodeBlock.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { problemWords } from '../../words/problem-words.ts';
import { useIntl, useWords } from '../../words/words.ts';
import styles from './ClusterView.module.css';
import { ContextChanges } from './ContextChanges.tsx';
import { PluginEnvironment } from './PluginEnvironment.tsx';
import { authenticationWords, partName, partValue } from './part-words.ts';

/** Parts that have no line of their own below, and that most contexts do not have. */
const furtherParts: ReadonlySet<ContextPart['part']> = new Set([
  'tls-server-name',
  'certificate-authority',
  'insecure',
  'proxy',
  'impersonation',
  'cluster-info',
]);

/** What a kubeconfig says of a context: what changed of it, where it leads, as whom, and which program it runs for that. */
export function ContextFacts({ context }: { readonly context: Context }) {
  const say = useWords();
  const {
    server,
    user,
    namespace,
    file,
    authentication,
    execPlugin,
    credentialFiles = [],
    doubt = null,
    warnings = [],
  } = context;
  return (
    <div className={styles.stack}>
      {context.changes.length === 0 ? null : <ContextChanges changes={context.changes} />}
      {context.confirmedEarlier ? <p className={styles.second}>{say('home.confirmedEarlier')}</p> : null}
      {doubt === null ? null : <ProblemCard problem={doubt} />}
      <dl className={styles.facts}>
        <dt>{say('home.server')}</dt>
        <dd>
          <ForeignText text={revealed(server)} kind="lines" bound={2000} className={styles.whole} />
        </dd>
        {context.parts
          .filter(({ part }) => furtherParts.has(part))
          .map((part) => (
            <Further key={`${part.part} ${part.name}`} part={part} />
          ))}
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
      {warnings.length === 0 ? null : <Warnings warnings={warnings} />}
      {execPlugin === null ? null : <Plugin context={context} plugin={execPlugin} />}
    </div>
  );
}

/** What is odd in the entries and read all the same. */
function Warnings({ warnings }: { readonly warnings: readonly Problem[] }) {
  const say = useWords();
  const intl = useIntl();
  const lines = warnings.map((warning) => `${warning.facts.file ?? ''}: ${problemWords(intl, warning).cause}`);
  return (
    <div className={styles.section}>
      <span className={styles.second}>{say('home.oddities')}</span>
      <ForeignText text={lines.join('\n')} kind="lines" bound={4096} className={styles.whole} />
    </div>
  );
}

function Further({ part }: { readonly part: ContextPart }) {
  const say = useWords();
  const value = partValue(say, part.part, part.value);
  return (
    <>
      <dt>{partName(say, part)}</dt>
      <dd>
        {part.part === 'insecure' ? (
          <Badge tone="careful">{value}</Badge>
        ) : (
          <ForeignText text={value} kind="lines" bound={4096} className={styles.whole} />
        )}
      </dd>
    </>
  );
}

function Plugin({ context, plugin }: { readonly context: Context; readonly plugin: ExecPlugin }) {
  const say = useWords();
  return (
    <div className={styles.section}>
      <span className={styles.second}>{say('home.plugin')}</span>
      <CodeBlock text={commandLine(plugin)} label={say('home.plugin')} />
      {plugin.environmentNames.length === 0 ? null : (
        <PluginEnvironment key={context.digest} context={context} names={plugin.environmentNames} />
      )}
      {plugin.refusal === null ? null : <ProblemCard problem={plugin.refusal} />}
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
