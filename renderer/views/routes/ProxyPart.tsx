import { useEffect } from 'react';
import {
  type ContextKey,
  keyText,
  type ProxyInForce,
  type ProxyProgram,
  proxyLines,
  proxyPrograms,
  proxyUrl,
} from '../../../app/contract/index.ts';
import { CodeBlock } from '../../kit/CodeBlock.tsx';
import { CopyButton } from '../../kit/CopyButton.tsx';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { Fact, Facts } from '../../parts/Facts.tsx';
import { Section } from '../../parts/Section.tsx';
import { useAnswer, useApp } from '../../store/hooks.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './Routes.module.css';

const titles: Readonly<Record<ProxyProgram, WordId>> = {
  shell: 'routes.proxy.shell',
  curl: 'routes.proxy.curl',
  browser: 'routes.proxy.browser',
  java: 'routes.proxy.java',
  node: 'routes.proxy.node',
  git: 'routes.proxy.git',
};

/** Where the proxy is, and what to tell each program to use it. */
export function ProxyPart({ context, proxy }: { readonly context: ContextKey; readonly proxy: ProxyInForce }) {
  const say = useWords();
  const { inquiries } = useApp();
  const subject = `${keyText(context)} ${proxy.port}`; // another engine may have another port
  const answer = useAnswer(inquiries.proxy, subject);
  const isAsked = answer !== null;
  useEffect(() => {
    if (!isAsked) {
      void inquiries.proxy.ask(subject, context);
    }
  }, [isAsked, inquiries, subject, context]);
  const access = answer?.value ?? null;
  return (
    <Section title={say('routes.proxy')} hint={say(proxy.knowsUsers ? 'routes.proxyHint' : 'routes.proxyHintPassword')}>
      {answer?.problem ? <ProblemCard problem={answer.problem} /> : null}
      {access === null ? (
        <SkeletonRows count={6} label={say('routes.proxy')} />
      ) : (
        <>
          <Facts label={say('routes.proxy')}>
            {(
              [
                ['SOCKS5', proxyUrl(access, 'socks5h')],
                ['HTTP', proxyUrl(access, 'http')],
                [say('routes.proxyFile'), access.pacUrl],
              ] as const
            ).map(([name, text]) => (
              <Fact key={name} name={name}>
                <span className={styles.refusal}>
                  <code className={styles.address}>{text}</code>
                  <CopyButton text={text} name={name} kind="ghost" />
                </span>
              </Fact>
            ))}
          </Facts>
          {proxyPrograms.map((program) => (
            <div key={program} className={styles.lines}>
              <h3 className={styles.program}>{say(titles[program])}</h3>
              {proxyLines(access)[program].map((line) => (
                <CodeBlock key={line} text={line} label={say(titles[program])} />
              ))}
            </div>
          ))}
        </>
      )}
    </Section>
  );
}
