import { useState } from 'react';
import { type Context, type EnvironmentEffect, effectOf, type Problem, revealed } from '../../../app/contract/index.ts';
import { useActionContext } from '../../actions/use-action.ts';
import { Badge } from '../../kit/Badge.tsx';
import { Button } from '../../kit/Button.tsx';
import { ForeignText } from '../../kit/ForeignText.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { VisuallyHidden } from '../../kit/VisuallyHidden.tsx';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './ContextParts.module.css';

const effectWords: Readonly<Record<Exclude<EnvironmentEffect, 'none'>, WordId>> = {
  code: 'home.effectCode',
  configuration: 'home.effectConfiguration',
  network: 'home.effectNetwork',
};

/** What a plugin's environment gets: names with what they are known to do, and the values once somebody asks. */
export function PluginEnvironment({
  context,
  names,
}: {
  readonly context: Context;
  readonly names: readonly string[];
}) {
  const say = useWords();
  const { app } = useActionContext();
  const [values, setValues] = useState<ReadonlyMap<string, string> | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ask = async () => {
    const { name, file, digest } = context;
    const read = await app.host.link.call('readPluginEnvironment', { context: name, file, digest });
    setProblem(read.ok ? null : read.problem);
    setValues(read.ok ? new Map(read.value.variables.map((variable) => [variable.name, variable.value])) : null);
  };
  return (
    <div className={styles.environment}>
      <div className={styles.head}>
        <span>{say('home.pluginEnvironment')}</span>
        <Button
          size="small"
          aria-expanded={values !== null}
          onClick={() => (values === null ? void ask() : setValues(null))}
        >
          {values === null ? say('home.showValues') : say('home.hideValues')}
        </Button>
      </div>
      <ul className={styles.variables}>
        {[...new Set(names)].map((name) => (
          <li key={name}>
            <ForeignText text={revealed(name)} kind="lines" className={styles.code} />
            <Effect name={name} />
            <span className={styles.value}>
              {values === null ? (
                <>
                  <span aria-hidden="true">••••••</span>
                  <VisuallyHidden>{say('home.concealed')}</VisuallyHidden>
                </>
              ) : (
                <ForeignText text={revealed(values.get(name) ?? '')} kind="lines" className={styles.code} />
              )}
            </span>
          </li>
        ))}
      </ul>
      {problem === null ? null : <ProblemCard problem={problem} />}
    </div>
  );
}

function Effect({ name }: { readonly name: string }) {
  const say = useWords();
  const effect = effectOf(name);
  return (
    <span>
      {effect === 'none' ? null : (
        <Badge tone={effect === 'code' ? 'bad' : 'careful'}>{say(effectWords[effect])}</Badge>
      )}
    </span>
  );
}
