/** Questions on the terminal. */
import { createInterface } from 'node:readline/promises';
import { interrupted } from './exit-codes.ts';
import { Ended } from './run.ts';

/** Asks on the terminal. Ctrl-C and Ctrl-D end the command. */
export async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new Promise<never>((_, reject) =>
    lines.once('close', () => reject(new Ended('nothing was chosen', false, interrupted))),
  );
  lines.once('SIGINT', () => lines.close());
  try {
    return (await Promise.race([lines.question(question), left])).trim();
  } finally {
    left.catch(() => {}); // it closes below too
    lines.close();
  }
}
