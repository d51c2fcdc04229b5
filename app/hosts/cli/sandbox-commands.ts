/** `slipway sandbox …`, and running everything inside the sandbox's laptop. Loads the sandbox only when asked for. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { cause, problem } from '../../contract/index.ts';
import { isPackaged } from '../installation.ts';
import { runAsRoot } from './as-root.ts';
import { type ConnectFlags, wordsOfFlags } from './connect-options.ts';
import { data, dim, type Format, invocation, json, say, table } from './output.ts';
import { Ended, perform } from './run.ts';

interface SandboxFlags {
  readonly name?: string;
  readonly nodes?: number;
  readonly proxyMode?: 'iptables' | 'nftables';
  readonly podRange?: string;
  readonly serviceRange?: string;
  readonly lan?: string;
  readonly nodeLocalDns?: boolean;
  readonly dualStack?: boolean;
  readonly ipv6Only?: boolean;
  readonly laptop?: 'plain' | 'resolved';
  readonly output?: Format;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) {
    throw new InvalidArgumentError('must be a whole number');
  }
  return value;
}

async function open(flags: SandboxFlags) {
  if (isPackaged) {
    throw new Ended(problem('sandbox-unsupported', cause('noSandbox')), false, 6);
  }
  const { openSandbox } = await import('../../../sandbox/sandbox.ts');
  const { laptop, output: _, ...options } = flags;
  return translated(async () =>
    openSandbox({ ...options, laptops: laptop === undefined ? undefined : ['plain' as const, laptop] }),
  );
}

/** Runs sandbox code; its failures become problems with an exit code. */
async function translated<Value>(action: () => Promise<Value>): Promise<Value> {
  try {
    return await action();
  } catch (error) {
    const { SandboxFailure } = await import('../../../sandbox/problems.ts');
    if (!(error instanceof SandboxFailure)) {
      throw error;
    }
    const { code, cause, fix } = error.problem;
    const found = problem('sandbox-unsupported', cause, { code });
    throw new Ended(
      { ...found, code, title: 'The sandbox cannot do that here', fixes: [{ kind: 'advice', text: fix }] },
      false,
      6,
    );
  }
}

const tell = ({ text, seconds }: { text: string; seconds: number }) =>
  say(`${dim(`${seconds.toFixed(1).padStart(6)} s`)}  ${text}`);

async function up(flags: SandboxFlags): Promise<void> {
  const sandbox = await open(flags);
  await translated(() => sandbox.up(tell));
  data(sandbox.kubeconfig);
  say(
    `Its kubeconfig is not merged into yours. Try \`npm start -- --in-sandbox\`, or \`${invocation} sandbox shell\`.`,
  );
}

async function showStatus(flags: SandboxFlags): Promise<void> {
  const status = await translated(async () => (await open(flags)).status());
  if (flags.output === 'json') {
    json(status);
  } else {
    data(`${status.name}: ${status.ready ? 'ready' : status.up ? 'up, API server not ready' : 'not up'}`);
    const rows = status.spaces.flatMap((space) =>
      space.programs.length === 0
        ? [[space.name, '', space.running ? 'running' : 'not running']]
        : space.programs.map((program) => [space.name, program.name, program.running ? 'running' : 'not running']),
    );
    data(table(['SPACE', 'PROGRAM', 'STATE'], rows));
  }
  if (!status.up) {
    say(`Start it with \`${invocation} sandbox up\`.`);
    process.exitCode = 6;
  }
}

/** Does it as root, by this very command where this is another user. */
async function asRoot(action: () => Promise<void>, words: readonly string[] = process.argv.slice(2)): Promise<void> {
  const status = await runAsRoot(words);
  if (status === null) {
    await action();
  } else {
    process.exitCode = status;
  }
}

function withFlags(command: Command): Command {
  return command.option('--name <name>', 'which sandbox; several run side by side', 'sandbox');
}

export function addSandboxCommands(program: Command): void {
  const sandbox = program
    .command('sandbox')
    .description('a real Kubernetes on this Linux machine, to try Slipway with');
  withFlags(sandbox.command('up'))
    .description('build what is missing and start what is not running')
    .option('--nodes <count>', 'how many nodes', wholeNumber)
    .addOption(new Option('--proxy-mode <mode>', "kube-proxy's mode").choices(['iptables', 'nftables']))
    .option('--pod-range <prefix>', 'addresses of pods, a /16')
    .option('--service-range <prefix>', 'addresses of Services')
    .option('--lan <prefix>', 'addresses of the laptop, the office and the nodes, a /24')
    .option('--dual-stack', 'IPv6 beside IPv4 in LAN, pods and Services')
    .option('--ipv6-only', 'nodes, pods and Services with IPv6 alone')
    .option('--node-local-dns', 'pods ask a resolver on a link-local address of their node')
    .addOption(new Option('--laptop <kind>', 'another laptop beside the plain one').choices(['resolved']))
    .action((flags: SandboxFlags) => perform(() => asRoot(() => up(flags))));
  withFlags(sandbox.command('down'))
    .description('stop and remove everything but the cache')
    .action((flags: SandboxFlags) =>
      perform(() => asRoot(async () => translated(async () => (await open(flags)).down(tell)))),
    );
  withFlags(sandbox.command('status'))
    .description('show what is running')
    .addOption(new Option('-o, --output <format>', 'how data is printed').choices(['text', 'json']).default('text'))
    .action((flags: SandboxFlags) => perform(() => asRoot(() => showStatus(flags))));
  withFlags(sandbox.command('shell [command...]'))
    .description('a shell (or a command) on the laptop of the sandbox')
    .addOption(new Option('--laptop <kind>', 'which laptop').choices(['plain', 'resolved']))
    .action((command: string[], flags: SandboxFlags) =>
      perform(() =>
        asRoot(async () => {
          const sandbox = await open(flags);
          if (command.length === 0 && process.stdin.isTTY) {
            say(dim('A shell on the sandbox’s laptop: `slipway connect`, then `curl http://orders`. `exit` leaves.'));
          }
          process.exitCode = await translated(() => sandbox.shell(command, flags.laptop));
        }),
      ),
    );
}

/** Builds and starts the sandbox where the user agrees, and says how to go on. */
export async function offeredSandbox(ask: (() => Promise<string>) | undefined): Promise<void> {
  const answer = ask === undefined ? 'n' : await ask();
  if (!/^y(es)?$/i.test(answer)) {
    throw new Ended(
      'There is nothing to connect to. `npm start -- --in-sandbox` builds the sandbox and connects inside it.',
      false,
      3,
    );
  }
  await asRoot(() => up({}), ['sandbox', 'up']);
  if (process.exitCode) {
    return;
  }
  say('The sandbox is up. Its laptop is a namespace of this machine: run `npm start -- --in-sandbox`.');
}

/** `start` as it is run on the laptop, with all that was given. */
export function startInSandbox(named: string, flags: ConnectFlags, inTerminal: boolean): string[] {
  return ['start', ...(inTerminal ? ['--terminal'] : []), ...wordsOfFlags(flags), '--', named || 'sandbox'];
}

/** Brings the sandbox up and runs the foreground frontend inside its laptop; answers the exit code. */
export async function enterSandbox(named: string, flags: ConnectFlags, inTerminal: boolean): Promise<number> {
  const status = await runAsRoot(process.argv.slice(2));
  if (status !== null) {
    return status;
  }
  const sandbox = await open({});
  await translated(() => sandbox.up(tell));
  const laptop = await translated(async () => sandbox.laptop('plain'));
  const [program = '', ...enter] = laptop.enter;
  const cli = join(import.meta.dirname, 'slipway.mjs');
  const arguments_ = startInSandbox(named, flags, inTerminal);
  say(
    dim(`In another terminal, \`${invocation} sandbox shell\` is a shell on this laptop: try \`curl http://orders\`.`),
  );
  return new Promise((resolve) => {
    const child = spawn(program, [...enter, process.execPath, cli, ...arguments_], {
      stdio: 'inherit',
      env: laptop.environment,
    });
    // Ctrl-C reaches the child too, which disconnects; this process waits for it.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.once('error', () => resolve(8));
    child.once('close', (code) => resolve(code ?? 130));
  });
}
