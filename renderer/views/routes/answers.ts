import type { ResolverAnswer, ServiceKey } from '../../../app/contract/index.ts';

/** Answers of one question beside each other, in the order in which they came. */
export function answersByQuestion(
  answers: readonly ResolverAnswer[],
): readonly (readonly [question: string, answers: readonly ResolverAnswer[]])[] {
  const byQuestion = new Map<string, ResolverAnswer[]>();
  for (const answer of answers) {
    byQuestion.set(answer.question, [...(byQuestion.get(answer.question) ?? []), answer]);
  }
  return [...byQuestion];
}

/** Why no resolver knows a name that looks like the cluster's; `meant` is what it may have been, null where nothing is near. */
export interface UnknownName {
  readonly what: 'service' | 'namespace';
  readonly name: string;
  readonly namespace: string;
  readonly meant: string | null;
}

/** Null where somebody answered, where the Service is there, or where the name is none of the cluster's. */
export function unknownName(
  question: string,
  answers: readonly Pick<ResolverAnswer, 'answers'>[],
  services: readonly ServiceKey[],
  homeNamespace: string,
): UnknownName | null {
  const [name = '', second, third] = question.toLowerCase().replace(/\.$/, '').split('.');
  const namespace = second ?? homeNamespace;
  if (
    services.length === 0 ||
    name === '' ||
    namespace === '' ||
    (third !== undefined && third !== 'svc') ||
    answers.some((one) => one.answers.length > 0)
  ) {
    return null;
  }
  const names = services.filter((one) => one.namespace === namespace).map((one) => one.name);
  if (names.includes(name)) {
    return null;
  }
  if (names.length > 0) {
    return { what: 'service', name, namespace, meant: nearest(name, names) };
  }
  // Two labels that are near to nothing of the cluster are a name of the outside: example.com.
  const meant = nearest(namespace, [...new Set(services.map((one) => one.namespace))]);
  return meant === null && third === undefined ? null : { what: 'namespace', name, namespace, meant };
}

/** The name with the fewest letters to change; null where that would be more than a slip of the fingers. */
function nearest(wanted: string, names: readonly string[]): string | null {
  const most = wanted.length < 4 ? 1 : 2;
  const near = names
    .map((name) => ({ name, distance: distanceOf(wanted, name) }))
    .filter(({ distance }) => distance <= most)
    .sort((left, right) => left.distance - right.distance);
  return near[0]?.name ?? null;
}

/** Letters to add, take away or replace (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 0; at < one.length; at += 1) {
    const next = [at + 1];
    for (let place = 0; place < other.length; place += 1) {
      const replaced = (row[place] ?? 0) + (one[at] === other[place] ? 0 : 1);
      next.push(Math.min(replaced, (row[place + 1] ?? 0) + 1, (next[place] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
