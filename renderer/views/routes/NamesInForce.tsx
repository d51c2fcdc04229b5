import type { ContextKey, NameRefusal, Names } from '../../../app/contract/index.ts';
import { preferNames } from '../../actions/connection.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { useContextChoices } from '../../actions/use-context-choices.ts';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { CodeChips } from '../../parts/CodeChips.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { Section } from '../../parts/Section.tsx';
import { useWords } from '../../words/words.ts';
import styles from './Routes.module.css';
import { modeWords, nameReasonWords } from './route-words.ts';

const named = ({ name, reason, conflict }: NameRefusal) => ({ name, reason, conflict });

/** Of several clusters that are on, one has its names in force. */
function PreferButton({ context }: { readonly context: ContextKey }) {
  const say = useWords();
  const actions = useActionContext();
  return (
    <Button size="small" onClick={() => void preferNames(actions, context)}>
      {say('routes.prefer')}
    </Button>
  );
}

/** Which names this computer finds in the cluster, who answers for them, and which names stay its own. */
export function NamesInForce({ names, context }: { readonly names: Names; readonly context: ContextKey }) {
  const say = useWords();
  const [{ answersFor }, choose] = useContextChoices(context);
  const letAnswerFor = (domain: string) => choose({ answersFor: domain });
  const mode = modeWords[names.mode] ?? 'routes.mode.off';
  if (names.mode === 'off') {
    return (
      <Section title={say('routes.names')}>
        <div className={styles.frame}>
          <p className={styles.quiet}>{say('routes.namesOff')}</p>
        </div>
      </Section>
    );
  }
  return (
    <Section
      title={say('routes.names')}
      hint={say(names.mode === 'proxy' ? 'routes.namesHintProxy' : 'routes.namesHint')}
    >
      <Facts label={say('routes.names')}>
        <Fact name={say('routes.modeName')}>
          {names.mode === 'elsewhere' ? (
            <span className={styles.refusal}>
              {say(mode)}
              <PreferButton context={context} />
            </span>
          ) : (
            say(mode)
          )}
        </Fact>
        {names.suffix ? (
          <Fact name={say('routes.suffix')}>
            <CodeChips values={[`NAME.NAMESPACE.${names.suffix}`]} none="" />
          </Fact>
        ) : null}
        {names.mode === 'proxy' ? null : (
          <Fact name={say('routes.resolver')}>
            <ForeignText text={names.resolver} kind="code" />
          </Fact>
        )}
        {names.mode === 'elsewhere' ? null : (
          <>
            <Fact name={say('routes.domains')}>
              <CodeChips values={names.domains} none={say('routes.none')} />
            </Fact>
            <Fact name={say('routes.search')}>
              <CodeChips values={names.search} none={say('routes.none')} />
            </Fact>
          </>
        )}
        <Fact name={say('routes.upstreams')}>
          <CodeChips values={names.upstreams} none={say('routes.none')} />
        </Fact>
        {answersFor === '' ? null : (
          <Fact name={say('routes.answersFor')}>
            <span className={styles.refusal}>
              <CodeChips values={[answersFor]} none="" />
              <Button size="small" onClick={() => letAnswerFor('')}>
                {say('routes.takeBack')}
              </Button>
            </span>
          </Fact>
        )}
        {names.refused.length === 0 ? null : (
          <Fact name={say('routes.refusedNames')}>
            <ul className={styles.refusals}>
              {names.refused.map((refusal) => (
                <li key={refusal.name} className={styles.refusal}>
                  <CodeChips values={[refusal.name]} none="" />
                  <span className={styles.second}>{say(nameReasonWords(refusal), named(refusal))}</span>
                  {refusal.grantable ? (
                    <Button size="small" onClick={() => letAnswerFor(refusal.name)}>
                      {say('routes.letAnswer', { name: refusal.name })}
                    </Button>
                  ) : null}
                </li>
              ))}
            </ul>
            {names.refused.some(({ name }) => !name.includes('.')) ? (
              <p className={styles.second}>{say('routes.refusedNamespaces')}</p>
            ) : null}
          </Fact>
        )}
      </Facts>
    </Section>
  );
}
