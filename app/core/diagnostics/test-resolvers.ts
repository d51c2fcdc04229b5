/** Asks each resolver the same questions side by side: the system's own way, our answerer, and every upstream. */
import { cause, type Names, problem, type ResolverAnswer } from '../../contract/index.ts';
import { isAskedByAll } from '../naming/names.ts';
import type { Ports } from '../ports.ts';

/** More upstreams than this nobody asks either (resolv.conf(5) takes three). */
const mostUpstreams = 6;

/** Upstreams that the laptop asks over TLS (`tls://ADDRESS#NAME`) are not asked here: only the engine speaks TLS to them. */
const isAskedInClear = (upstream: string): boolean => !upstream.includes('://');

export interface Question {
  readonly name: string;
  /** Of the cluster: the system's way has to answer as our answerer does, and no upstream has to know it. */
  readonly isOfCluster: boolean;
}

export async function testResolvers(
  ports: Ports,
  questions: readonly Question[],
  names: Names | null,
  upstreams: readonly string[],
): Promise<ResolverAnswer[]> {
  const isNamed = names !== null && isAskedByAll(names);
  const resolvers: Pick<ResolverAnswer, 'kind' | 'resolver'>[] = [
    { kind: 'system', resolver: '' },
    ...(isNamed ? [{ kind: 'slipway' as const, resolver: names.resolver }] : []),
    ...upstreams
      .filter(isAskedInClear)
      .slice(0, mostUpstreams)
      .map((resolver) => ({ kind: 'upstream' as const, resolver })),
  ];
  const answers = await Promise.all(
    questions.flatMap((question) =>
      resolvers.map(({ kind, resolver }) => ask(ports, kind, resolver, question, isNamed)),
    ),
  );
  return answers.map((answer) => compared(answer, answers, questions));
}

async function ask(
  ports: Ports,
  kind: ResolverAnswer['kind'],
  resolver: string,
  { name, isOfCluster }: Question,
  isNamed: boolean,
): Promise<ResolverAnswer> {
  const startedAt = ports.clock.now();
  const asked = await ports.resolverProbe.ask(resolver, name);
  const milliseconds = ports.clock.now() - startedAt;
  const answer = { kind, resolver, question: name, milliseconds };
  if (!asked.ok) {
    return { ...answer, answers: [], problem: asked.problem };
  }
  const mustKnow = isOfCluster && isNamed && kind !== 'upstream';
  const unknown = problem('name-unknown', cause('noAddress', { host: name }), { context: '' });
  return { ...answer, answers: [...asked.value], problem: mustKnow && asked.value.length === 0 ? unknown : null };
}

/** What the system's way answers of a name of the cluster has to be what our answerer says. */
function compared(
  answer: ResolverAnswer,
  answers: readonly ResolverAnswer[],
  questions: readonly Question[],
): ResolverAnswer {
  const isOfCluster = questions.some(({ name, isOfCluster: of }) => of && name === answer.question);
  const ours = answers.find(({ kind, question }) => kind === 'slipway' && question === answer.question);
  if (answer.kind !== 'system' || !isOfCluster || ours === undefined || ours.answers.length === 0) {
    return answer;
  }
  const isElsewhere = answer.answers.length > 0 && !answer.answers.some((address) => ours.answers.includes(address));
  const because = cause('programsGet', { found: answer.answers.join(', '), own: ours.answers.join(', ') });
  return isElsewhere ? { ...answer, problem: problem('name-elsewhere', because) } : answer;
}
