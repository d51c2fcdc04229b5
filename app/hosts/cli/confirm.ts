/** `slipway confirm`: what a context says and what changed of it, and the user's word on just that. */
import {
  type Context,
  type ContextPart,
  type CoreLink,
  commandLineOf,
  type EnvironmentEffect,
  effectOf,
  problem,
  revealed,
  sidesOf,
} from '../../contract/index.ts';
import { ask } from './ask.ts';
import { data, type Format, invocation, json, say, sayProblem, table } from './output.ts';
import { Ended, unwrap } from './run.ts';

export interface ConfirmOptions {
  readonly file?: string;
  readonly showValues?: boolean;
  /** The digest that was looked at: confirms without asking. */
  readonly digest?: string;
  readonly output: Format;
}

type Values = ReadonlyMap<string, string>;

const effectWords: Readonly<Record<EnvironmentEffect, string>> = {
  code: 'can run other code',
  configuration: 'chooses a configuration',
  network: 'changes the network path or who is trusted',
  none: '',
};

/** `answer` asks a person; null where nobody can be asked. */
export async function confirmContext(
  core: CoreLink,
  name: string,
  options: ConfirmOptions,
  answer: ((question: string) => Promise<string>) | null = process.stdin.isTTY === true ? ask : null,
): Promise<void> {
  const context = await find(core, name, options.file);
  const shown = { context: context.name, file: context.file, digest: context.digest };
  const read = async (): Promise<Values> => {
    const { variables } = unwrap(await core.call('readPluginEnvironment', shown));
    return new Map(variables.map((variable) => [variable.name, variable.value]));
  };
  let values = options.showValues === true ? await read() : null;
  if (options.output === 'json') {
    json({ context, ...(values === null ? {} : { variables: Object.fromEntries(values) }) });
  } else {
    describe(context, values);
  }
  if (options.digest === undefined) {
    if (context.confirmed && context.execPlugin?.trusted !== false) {
      say('This is already confirmed.');
      return;
    }
    if (answer === null) {
      const again = commandLineOf({ command: 'confirm', arguments: [context.name, '--digest', context.digest] });
      throw new Ended(
        `nothing was confirmed: there is no terminal to ask on. \`${invocation} ${again}\` confirms what is shown here`,
      );
    }
    const hasVariables = (context.execPlugin?.environmentNames ?? []).length > 0;
    for (;;) {
      const word = (
        await answer(hasVariables ? 'Confirm this? [y/N, v shows values] ' : 'Confirm this? [y/N] ')
      ).toLowerCase();
      if (word === 'v' && hasVariables) {
        values = await read();
        data(
          table(
            ['VARIABLE', 'VALUE', ''],
            [...values].map(([variable, value]) => [
              revealed(variable),
              revealed(value),
              effectWords[effectOf(variable)],
            ]),
          ),
        );
        continue;
      }
      if (word !== 'y' && word !== 'yes') {
        throw new Ended('nothing was confirmed', false, 1);
      }
      break;
    }
  }
  // What changed since it was read is refused by its digest.
  unwrap(await core.call('confirmContext', { ...shown, digest: options.digest ?? context.digest }));
  say('confirmed');
}

async function find(core: CoreLink, name: string, file: string | undefined): Promise<Context> {
  const { contexts } = unwrap(await core.call('listContexts', {}));
  const found = contexts.find((one) => one.name === name && (file === undefined || one.file === file));
  if (found === undefined) {
    const known = contexts.map((one) => `${one.name} (${one.file})`).join(', ') || 'none';
    throw new Ended(problem('context-unknown', `the contexts are: ${known}`, { context: name }));
  }
  if (found.problem !== null) {
    throw new Ended(found.problem);
  }
  return found;
}

function describe(context: Context, values: Values | null): void {
  const { execPlugin } = context;
  data(`${revealed(context.name)} from ${revealed(context.file)}\n`);
  data(
    table(
      ['PART', 'VALUE', ''],
      context.parts.map((part) => [titleOf(part), shownValue(part, context, values), markOf(part)]),
    ),
  );
  if (context.changes.length > 0) {
    const rows = context.changes.map((change) => {
      const { before, now } = sidesOf(change);
      const part = change.now ?? change.before;
      const hidden = before === now ? ' (a different one)' : '';
      return [part === null ? '' : titleOf(part), revealed(before), `${revealed(now)}${hidden}`];
    });
    data(`\nWhat changed since it was confirmed:\n${table(['PART', 'CONFIRMED', 'NOW'], rows)}`);
  }
  if (context.confirmedEarlier) {
    data('\nAn earlier version recorded too little of what was confirmed to say what changed.');
  }
  if (execPlugin !== null && execPlugin.refusal !== null) {
    sayProblem(execPlugin.refusal);
  }
  data(`\ndigest: ${context.digest}`);
}

function titleOf({ part, name }: ContextPart): string {
  return name === '' ? part : `${part} ${revealed(name)}`;
}

function shownValue({ part, name, value }: ContextPart, { execPlugin }: Context, values: Values | null): string {
  if (part === 'environment') {
    return values === null ? '***' : revealed(values.get(name) ?? '');
  }
  // Here the command line is whole: who confirms it has to see it.
  return part === 'plugin' && execPlugin !== null ? revealed(commandLineOf(execPlugin)) : revealed(value);
}

function markOf({ part, name }: ContextPart): string {
  if (part === 'insecure') {
    return 'the server’s certificate is not checked';
  }
  return part === 'environment' ? effectWords[effectOf(name)] : '';
}
