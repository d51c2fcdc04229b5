/** `slipway explain`: the way of a packet, a line for each step, then one sentence and what to do. */
import { type CoreLink, type ExplainStep, type Explanation, type TestTimes, timeText } from '../../contract/index.ts';
import { contextOfFlag } from './caller.ts';
import { chosenContext } from './lists.ts';
import { bold, data, dim, type Format, green, json, plain, red, say, sayReason, yellow } from './output.ts';
import { Ended, unwrap } from './run.ts';

const marks = { good: green('✓'), bad: red('✗'), 'not-checked': dim('–') } as const;

const results: Readonly<Record<Explanation['verdict']['result'], string>> = {
  reached: green('It gets there'),
  leads: green('It goes into the tunnel'),
  stopped: red('It does not get there'),
  outside: yellow('It does not go into the cluster'),
  off: yellow('The cluster is off'),
};

function lineOf({ step, state, answer, milliseconds }: ExplainStep): string {
  const took = milliseconds >= 1 ? dim(` (${Math.round(milliseconds)} ms)`) : '';
  return `${marks[state]} ${bold(step.padEnd(10))} ${plain(answer)}${took}`;
}

/** Whose part is how long, and what follows from that. */
function linesOf({ slow, answer, ...split }: TestTimes): string[] {
  const parts = (['laptop', 'tunnel', 'dial', 'service'] as const).map((part) => {
    const took = split[part];
    return `${part} ${took === null ? 'not measured' : timeText(took)}`;
  });
  const mark = slow === 'nothing' ? green('✓') : yellow('!');
  return [`${mark} ${bold('time'.padEnd(10))} ${parts.join(', ')}`, `${' '.repeat(13)}${plain(answer)}`];
}

/** Exits with the code of what stops it. */
export async function runExplain(
  core: CoreLink,
  { target, trustExec }: { readonly target: string; readonly trustExec: boolean },
  format: Format,
): Promise<void> {
  const isOn = unwrap(await core.call('getSnapshot', {})).connections.some(({ phase }) => phase !== 'off');
  const context = isOn ? contextOfFlag() : await chosenContext(core);
  const explanation = unwrap(await core.call('explain', { target, context, trustExec }));
  const { steps, verdict } = explanation;
  if (format === 'json') {
    json(explanation);
  } else {
    for (const step of steps) {
      data(lineOf(step));
    }
    if (explanation.times !== null) {
      linesOf(explanation.times).forEach(data);
    }
    say(`${results[verdict.result]}: ${plain(verdict.answer)}.`);
    if (verdict.problem !== null) {
      sayReason(verdict.problem);
    }
  }
  if (verdict.problem !== null) {
    throw new Ended(verdict.problem, true);
  }
}
