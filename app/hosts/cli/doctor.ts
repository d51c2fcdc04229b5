/** `slipway doctor`: how each part is, in one line, and below a part that is not well what to do about it. */
import type { Check, CoreLink } from '../../contract/index.ts';
import { bold, data, dim, type Format, green, json, plain, red, say, sayReason, yellow } from './output.ts';
import { Ended, unwrap } from './run.ts';

const marks = { good: green('✓'), warning: yellow('!'), bad: red('✗'), 'not-checked': dim('–') } as const;

/** One line: mark, part, what was found, and how long it took where that says something. */
function lineOf(check: Check): string {
  const took = check.milliseconds >= 1 ? dim(` (${Math.round(check.milliseconds)} ms)`) : '';
  const skipped = check.state === 'not-checked' ? 'not checked: ' : '';
  const found = check.problem === null ? check.answer : check.problem.title;
  return `${marks[check.state]} ${bold(check.check.padEnd(11))} ${skipped}${plain(found)}${took}`;
}

function summaryOf(checks: readonly Check[]): string {
  const count = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  const skipped = count('not-checked') === 0 ? '' : `; ${count('not-checked')} not checked`;
  if (count('bad') > 0) {
    return `${count('bad')} of ${checks.length} checks failed${skipped}. Start with the first ✗.`;
  }
  const warnings = count('warning') === 0 ? '' : `, ${count('warning')} with a warning`;
  const passed = `${count('good') + count('warning')} checks passed${warnings}`;
  // What was not looked at may be broken.
  return skipped === '' ? `Nothing is broken: ${passed}.` : `No fault in what was checked: ${passed}${skipped}.`;
}

/** Exits with the code of the first check that is bad. */
export async function runDoctor(core: CoreLink, context: string, trustExec: boolean, format: Format): Promise<void> {
  const { checks } = unwrap(await core.call('runChecks', { context, trustExec }));
  if (format === 'json') {
    json({ checks });
  } else {
    const told = new Set<string>();
    for (const check of checks) {
      data(lineOf(check));
      // One reason often fails several checks.
      if (check.problem !== null && !told.has(`${check.problem.code} ${check.problem.cause}`)) {
        told.add(`${check.problem.code} ${check.problem.cause}`);
        sayReason(check.problem);
      }
    }
    say(summaryOf(checks));
  }
  const bad = checks.find((check) => check.state === 'bad');
  if (bad !== undefined && bad.problem !== null) {
    throw new Ended(bad.problem, true);
  }
}
