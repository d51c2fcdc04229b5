import type { Check } from '../../../app/contract/index.ts';
import { ProblemCard } from '../../kit/ProblemCard.tsx';
import { SkeletonRows } from '../../kit/Skeleton.tsx';
import { FoundText } from '../../parts/FoundText.tsx';
import { RootProgram } from '../../parts/RootProgram.tsx';
import { Section } from '../../parts/Section.tsx';
import { Verdict, Verdicts } from '../../parts/Verdict.tsx';
import { useAnswer, useApp, useWho } from '../../store/hooks.ts';
import { useFormat } from '../../words/format.ts';
import { useWords, type WordId } from '../../words/words.ts';
import styles from './Diagnostics.module.css';

export const checkNames: Readonly<Record<Check['check'], WordId>> = {
  helper: 'diagnostics.check.helper',
  tun: 'diagnostics.check.tun',
  resolver: 'diagnostics.check.resolver',
  'api-server': 'diagnostics.check.api-server',
  rights: 'diagnostics.check.rights',
  routes: 'diagnostics.check.routes',
  firewall: 'diagnostics.check.firewall',
  containers: 'diagnostics.check.containers',
  connection: 'diagnostics.check.connection',
  'cluster-dns': 'diagnostics.check.cluster-dns',
  endpoints: 'diagnostics.check.endpoints',
  agent: 'diagnostics.check.agent',
  tunnel: 'diagnostics.check.tunnel',
  names: 'diagnostics.check.names',
  clock: 'diagnostics.check.clock',
};

const stateWords = {
  good: 'diagnostics.good',
  warning: 'diagnostics.warning',
  bad: 'diagnostics.bad',
  'not-checked': 'diagnostics.notChecked',
} as const;

const groups = [
  { title: 'diagnostics.onComputer', checks: ['helper', 'tun', 'resolver', 'routes', 'firewall', 'containers'] },
  { title: 'diagnostics.inCluster', checks: ['api-server', 'rights', 'clock'] },
  { title: 'diagnostics.between', checks: ['connection', 'agent', 'tunnel', 'cluster-dns', 'endpoints', 'names'] },
] as const satisfies readonly { title: WordId; checks: readonly Check['check'][] }[];

/** What was looked at, by where it is: each with its verdict in words, its time, and what to do. */
export function Checks({ subject }: { readonly subject: string }) {
  const say = useWords();
  const who = useWho();
  const answer = useAnswer(useApp().inquiries.checks, subject);
  if (answer?.problem) {
    return <ProblemCard problem={answer.problem} />;
  }
  if (!answer?.value) {
    return answer?.isAsking ? (
      <SkeletonRows count={14} label={say('diagnostics.running')} />
    ) : (
      <div className={styles.quiet}>
        <p>{say('diagnostics.notRun', { who })}</p>
        <RootProgram />
      </div>
    );
  }
  // What failed comes first, in its group and as a group.
  const rank = (check: Check) => (check.state === 'bad' ? 0 : 1);
  const { checks } = answer.value;
  const parts = groups
    .map(({ title, checks: members }) => ({
      title,
      found: members
        .flatMap((name) => checks.filter(({ check }) => check === name))
        .toSorted((one, other) => rank(one) - rank(other)),
    }))
    .toSorted((one, other) => Math.min(...one.found.map(rank)) - Math.min(...other.found.map(rank)));
  const shown = parts.flatMap(({ found }) => found);
  return (
    <div className={styles.groups} aria-busy={answer.isAsking}>
      {parts.map(({ title, found }) => (
        <Section key={title} title={say(title)}>
          <Verdicts label={say(title)}>
            {found.map((check) => (
              <OneCheck
                key={check.check}
                check={isToldBefore(shown, check) ? { ...check, problem: null } : check}
                name={say(checkNames[check.check])}
              />
            ))}
          </Verdicts>
        </Section>
      ))}
    </div>
  );
}

/** One reason often fails several checks: its card stands at the first of them. */
function isToldBefore(checks: readonly Check[], check: Check): boolean {
  const same = checks.find(
    ({ problem }) => problem?.code === check.problem?.code && problem?.cause === check.problem?.cause,
  );
  return check.problem !== null && same !== check;
}

export function OneCheck({ check, name }: { readonly check: Check; readonly name: string }) {
  const say = useWords();
  const format = useFormat();
  const isSaidBelow = check.answer === check.problem?.cause;
  return (
    <Verdict
      state={check.state}
      words={say(stateWords[check.state])}
      name={name}
      problem={check.problem}
      aside={check.milliseconds > 0 ? format.took(check.milliseconds) : undefined}
    >
      {isSaidBelow ? null : <FoundText found={check} kind="lines" />}
    </Verdict>
  );
}
