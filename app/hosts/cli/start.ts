/**
 * `slipway start`, which `npm start` runs: shows the window; with `--terminal` it connects in the foreground and shows the
 * live state until Ctrl-C, which disconnects. Where there is no usable kubeconfig it offers the sandbox.
 */
import { type Context, type CoreLink, foremost } from '../../contract/index.ts';
import { hasDisplay } from '../web/browser.ts';
import { ask } from './ask.ts';
import { askedToEnd } from './asked-to-end.ts';
import { caller } from './caller.ts';
import { brokenPart, connect, disconnect, whoReaches } from './connect.ts';
import { type ConnectFlags, optionsOf, wordsOfFlags } from './connect-options.ts';
import { headline } from './connection-text.ts';
import { ensureHelper } from './helper-start.ts';
import { data, dim, invocation, plain, say, sayProblem, table } from './output.ts';
import { Ended, unwrap, withCore } from './run.ts';
import { enterSandbox, offeredSandbox } from './sandbox-commands.ts';
import { showFakeWindow, showWindow } from './show-window.ts';

async function choose(contexts: readonly Context[]): Promise<string> {
  const current = contexts.find((context) => context.current);
  data(
    table(
      ['', 'NAME', 'CLUSTER', 'NAMESPACE', 'SERVER'],
      contexts.map((context, index) => [
        `${index + 1}${context.current ? ' *' : ''}`,
        context.name,
        context.cluster,
        context.namespace,
        context.server,
      ]),
    ),
  );
  if (contexts.length === 1 && contexts[0] !== undefined) {
    return contexts[0].name;
  }
  if (!process.stdin.isTTY) {
    if (current !== undefined) {
      return current.name;
    }
    throw new Ended('There is no current context: name one with `npm start -- CONTEXT`.');
  }
  const answer = await ask(`Which one? ${current === undefined ? '' : `[${plain(current.name)}] `}`);
  if (answer === '' && current !== undefined) {
    return current.name;
  }
  const chosen = contexts[Number(answer) - 1] ?? contexts.find((context) => context.name === answer);
  if (chosen === undefined) {
    throw new Ended(`There is no context named ${answer}.`);
  }
  return chosen.name;
}

/** Shows one line that follows the state (a new line for each change where there is no terminal). */
async function follow(core: CoreLink, asked: Promise<'asked'>): Promise<void> {
  let shown = '';
  const render = () => {
    if (last === undefined) {
      return;
    }
    const connection = foremost(last);
    const line = connection === null ? 'off' : headline(connection, Date.now());
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
      return;
    }
    const phase = connection?.phase ?? 'off';
    if (phase !== shown) {
      shown = phase;
      say(line);
    }
  };
  let last: Parameters<Parameters<CoreLink['watch']>[0]>[0] | undefined;
  const unwatch = core.watch((snapshot) => {
    last = snapshot;
    render();
  });
  const ticking = setInterval(render, 1000);
  const end = await Promise.race([asked, core.ended]);
  clearInterval(ticking);
  unwatch();
  say('');
  if (end !== 'asked') {
    throw new Ended(`the core ended: ${end}; start again to restore what was on`, false, 8);
  }
}

export interface StartFlags extends ConnectFlags {
  /** Everything on the laptop of the sandbox. */
  readonly inSandbox?: boolean;
  /** No window: connect at once and show the state here. */
  readonly terminal?: boolean;
  readonly fake?: boolean;
}

/** Why what was given cannot count together, or null: nothing that was given is left out silently. */
export function objectionTo(
  named: string,
  flags: StartFlags,
  { hasWindow, hasKubeconfig }: { readonly hasWindow: boolean; readonly hasKubeconfig: boolean },
): string | null {
  const { inSandbox = false, terminal = false, fake = false } = flags;
  const words = [
    ...(named === '' ? [] : [named]),
    ...(hasKubeconfig ? ['--kubeconfig'] : []),
    ...(inSandbox ? ['--in-sandbox'] : []),
    ...(terminal ? ['--terminal'] : []),
    ...wordsOfFlags(flags).filter((word) => word.startsWith('--')),
  ];
  if (fake && words.length > 0) {
    return `--fake shows a made-up world, in which ${words.join(', ')} would mean nothing: leave it out.`;
  }
  if (inSandbox && hasKubeconfig) {
    return 'The sandbox has a kubeconfig of its own: leave out --kubeconfig.';
  }
  if (hasWindow && flags.proxy === true) {
    return 'The window has a choice of its own for that: leave out --proxy, or start with --terminal.';
  }
  return hasWindow && flags.trustExec === true
    ? `With a window, what a context runs is confirmed there: leave out --trust-exec, or \`${invocation} confirm\` it first.`
    : null;
}

/** `named` is the context to connect to, empty for one to be chosen. */
export async function start(named: string, flags: StartFlags): Promise<void> {
  // A browser outside the laptop's network cannot reach a window inside it.
  const hasWindow = flags.terminal !== true && (flags.inSandbox !== true || hasDisplay(process.env));
  const objection = objectionTo(named, flags, { hasWindow, hasKubeconfig: caller().isExplicit });
  if (objection !== null) {
    throw new Ended(objection);
  }
  if (flags.inSandbox === true) {
    process.exitCode = await enterSandbox(named, flags, !hasWindow);
    return;
  }
  if (flags.fake === true) {
    await showFakeWindow();
    return;
  }
  if (hasWindow) {
    await showWindow(await optionsOf(named, flags));
    return;
  }
  await withCore(async (core) => {
    const { contexts, problems } = unwrap(await core.call('listContexts', {}));
    if (named === '' && contexts.length === 0) {
      if (problems[0] !== undefined) {
        sayProblem(problems[0]);
      }
      say('To try Slipway without a cluster of your own, there is the sandbox.');
      await offeredSandbox(process.stdin.isTTY ? () => ask('Build and start it now? [y/N] ') : undefined);
      return;
    }
    const context = named === '' ? await choose(contexts) : named;
    const given = await optionsOf(context, flags);
    if (!given.proxy) {
      unwrap(await ensureHelper());
    }
    const end = askedToEnd();
    try {
      const connection = await connect(core, given, 'text');
      say(dim(`${brokenPart(connection) === null ? `${whoReaches(connection)} ` : ''}Ctrl-C leaves.`));
      try {
        await follow(core, end.asked);
      } finally {
        await disconnect(core, true);
      }
    } finally {
      end.done();
    }
  });
}
