import type { ResolverAnswer } from '../../../app/contract/index.ts';

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
