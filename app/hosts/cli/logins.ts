/** What credential plugins say while they wait for a login, told to whoever waits for the command that needs it. */
import type { CoreLink, Login, Snapshot } from '../../contract/index.ts';
import { dim, plain, say, yellow } from './output.ts';

/** The same link, which tells of logins of the contexts that it is asked about, from then on. */
export function tellingLogins(core: CoreLink): CoreLink {
  const asked = new Set<string>();
  const tell = loginNarrator(say);
  return {
    ...core,
    call: (command, input) => {
      const { context } = input as { readonly context?: unknown };
      if (typeof context === 'string') {
        if (asked.size === 0) {
          core.watch(({ logins = [] }) => tell(logins.filter((login) => asked.has('') || asked.has(login.context))));
        }
        asked.add(context);
      }
      return core.call(command, input);
    },
  };
}

/** Two lines: whose plugin waits, and what it says. */
export function loginText({ context, said }: Login): string {
  return `${yellow('waiting')}: the credential plugin of ${plain(context)} waits for you to log in, and says:\n  ${plain(said)}`;
}

/** Tells each text once; of one that grows only what is new. */
export function loginNarrator(tell: (line: string) => void): (logins: NonNullable<Snapshot['logins']>) => void {
  const told = new Map<string, string>();
  return (logins) => {
    for (const login of logins) {
      const key = keyOfLogin(login);
      const before = told.get(key);
      if (before === login.said) {
        continue;
      }
      told.set(key, login.said);
      if (before === undefined) {
        tell(`${loginText(login)}\n  ${dim('Ctrl-C gives up.')}`);
      } else {
        const isLonger = login.said.startsWith(before);
        tell(`  ${plain(isLonger ? login.said.slice(before.length).trim() : login.said)}`);
      }
    }
  };
}

const keyOfLogin = ({ context, file, since }: Login): string => `${since} ${file}\n${context}`;
