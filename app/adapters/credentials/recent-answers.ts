/**
 * Answers of credential plugins that were given just now. Who waited while another one logged in as the same is given that
 * answer: a plugin without a cache would open a second browser. In memory only, and for seconds: as whom a plugin logs in
 * may change without anything of ours seeing it.
 */
import type { ExecCredential } from './exec-plugin.ts';

/** Milliseconds. */
const goodFor = 5000;

export interface RecentAnswers {
  /** `login` says all that decides as whom a plugin logs in. */
  of(login: string): RecentAnswer;
}

export interface RecentAnswer {
  take(): ExecCredential | null;
  put(answer: ExecCredential): void;
  /** It was not accepted. */
  drop(): void;
}

export function createRecentAnswers(): RecentAnswers {
  const answers = new Map<string, { readonly answer: ExecCredential; readonly forgetting: NodeJS.Timeout }>();
  const drop = (login: string) => {
    clearTimeout(answers.get(login)?.forgetting);
    answers.delete(login);
  };
  return {
    of: (login) => ({
      take: () => answers.get(login)?.answer ?? null,
      put: (answer) => {
        drop(login);
        answers.set(login, { answer, forgetting: setTimeout(() => drop(login), goodFor).unref() });
      },
      drop: () => drop(login),
    }),
  };
}
