/** The command line of Slipway. Each command parses its words here and is carried out in a file of its own. */
import { Argument, Command, Option } from 'commander';
import { buildIdentity } from '../build-identity.ts';
import { cliProgram, isPackaged } from '../installation.ts';
import { addBenchCommand } from './bench/command.ts';
import { asShellReads, chooseContext, chooseKubeconfig, contextOfFlag } from './caller.ts';
import { candidatesFor } from './complete.ts';
import { completionScript, shells } from './completion.ts';
import { type ConfirmOptions, confirmContext } from './confirm.ts';
import { brokenPart, connect, disconnect, prefer, whoReaches } from './connect.ts';
import { type ConnectFlags, optionsOf, trustExec, withConnectOptions } from './connect-options.ts';
import { endForeignCore } from './core-end.ts';
import { runDoctor } from './doctor.ts';
import { runExplain } from './explain.ts';
import { listFlows } from './flows.ts';
import { ensureHelper } from './helper-start.ts';
import { chosenContext, listContexts, listNamespaces, listPods, listServices, namesOfContexts } from './lists.ts';
import { data, dim, endWithReader, type Format, invocation, plain, say } from './output.ts';
import { printProxy } from './proxy.ts';
import { Ended, perform, unwrap, withCore, withRunningCore } from './run.ts';
import { addSandboxCommands } from './sandbox-commands.ts';
import { addSettingsCommands } from './settings-commands.ts';
import { addShellCommands } from './shell-commands.ts';
import { type StartFlags, start } from './start.ts';
import { status, watchStatus } from './status.ts';

const output = () =>
  new Option('-o, --output <format>', 'how data is printed').choices(['text', 'wide', 'json']).default('text');

/** kubectl's flags, wherever they stand on the line. A context that is named in two ways must be one. */
function takeFlags(root: Command, action: Command): void {
  const { kubeconfig = '', context = '' } = root.opts<{ kubeconfig?: string; context?: string }>();
  chooseKubeconfig(kubeconfig);
  chooseContext(context);
  const named = action.args[action.registeredArguments.findIndex((argument) => argument.name() === 'context')];
  if (named !== undefined && context !== '' && named !== context) {
    action.error(`error: ${plain(named)} and --context ${plain(context)} name two contexts: name one.`);
  }
}

function buildProgram(): Command {
  const program = new Command('slipway')
    .description(
      "Puts this computer inside a Kubernetes cluster's network: every program can reach its pods, Services and names.",
    )
    .version(buildIdentity())
    .option(
      '--kubeconfig <file>',
      'the kubeconfig to read, and no other (default: those of KUBECONFIG, else ~/.kube/config)',
    )
    .option('--context <name>', 'the context that the command is about (default: the current one)')
    .hook('preAction', (root, action) => takeFlags(root, action))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError(`\nSee \`${invocation} --help\`, or \`--help\` after a command.`)
    .addHelpText('after', '\nExit codes and examples: docs/cli.md')
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });

  program
    .command('contexts')
    .description('list the contexts of your kubeconfigs; runs no credential plugin')
    .addOption(output())
    .action((options: { output: Format }) => perform(() => withCore((core) => listContexts(core, options.output))));

  program
    .command('confirm [context]')
    .description('show what a context contains and what has changed, and confirm exactly that')
    .option('--file <path>', 'the kubeconfig file, if several have a context of this name')
    .option('--show-values', 'show the values of the variables that its plugin gets')
    .option('--digest <digest>', 'confirm without asking: the digest that was shown')
    .addOption(output())
    .action((context: string | undefined, options: ConfirmOptions) =>
      perform(() => withCore(async (core) => confirmContext(core, await chosenContext(core, context), options))),
    );

  program
    .command('namespaces')
    .description('list the namespaces of a cluster')
    .addOption(trustExec())
    .addOption(output())
    .action((options: { trustExec?: boolean; output: Format }) =>
      perform(() =>
        withCore(async (core) =>
          listNamespaces(core, await chosenContext(core), options.trustExec === true, options.output),
        ),
      ),
    );

  const lists = [
    ['services', 'list the Services of a cluster, with ports, addresses and readiness', listServices],
    ['pods', 'list the pods of a cluster, with addresses and status; -o wide says why one is not ready', listPods],
  ] as const;
  for (const [name, description, list] of lists) {
    program
      .command(name)
      .description(description)
      .option('-n, --namespace <names...>', 'only these namespaces')
      .addOption(trustExec())
      .addOption(output())
      .action((options: { namespace?: string[]; trustExec?: boolean; output: Format }) =>
        perform(() =>
          withCore(async (core) => {
            const context = await chosenContext(core);
            const query = { context, namespaces: options.namespace ?? [], trustExec: options.trustExec === true };
            await list(core, query, options.output);
          }),
        ),
      );
  }

  withConnectOptions(program.command('connect [context]'))
    .description("join the cluster's network; stays on until `slipway disconnect`")
    .addOption(output())
    .action((context: string | undefined, options: ConnectFlags & { output: Format }) =>
      perform(async () => {
        if (options.proxy !== true) {
          unwrap(await ensureHelper());
        }
        await withCore(async (core) => {
          const chosen = await chosenContext(core, context);
          const given = await optionsOf(chosen, options);
          const connection = await connect(core, given, options.output);
          const broken = brokenPart(connection);
          if (broken !== null) {
            say(dim(`It stays on, and recovers by itself. \`${invocation} disconnect\` leaves.`));
            throw new Ended(broken, true);
          }
          if (options.output !== 'json') {
            say(dim(`${whoReaches(connection)} \`${invocation} disconnect\` leaves.`));
          }
        });
      }),
    );

  program
    .command('disconnect [context]')
    .description('leave the cluster, or all that are on, and restore this computer')
    .option('--quit', 'leave all and also stop the core, whatever its version')
    .action((context: string | undefined, options: { quit?: boolean }) =>
      perform(async () => {
        if (options.quit === true && (await endForeignCore())) {
          return;
        }
        await withRunningCore((core) =>
          disconnect(core, options.quit === true, { context: context ?? contextOfFlag() }),
        );
      }),
    );

  program
    .command('prefer [context]')
    .description('of several clusters that are on, have the plain names of this one in force')
    .action((context: string | undefined) =>
      perform(() =>
        withRunningCore(async (core) => prefer(core, core === null ? '' : await chosenContext(core, context))),
      ),
    );

  program
    .command('status')
    .description('show what is on, and the routes and names in force')
    .option('-w, --watch', 'follow changes')
    .addOption(output())
    .action((options: { watch?: boolean; output: Format }) =>
      perform(() =>
        options.watch === true ? watchStatus(options.output) : withRunningCore((core) => status(core, options.output)),
      ),
    );

  program
    .command('flows')
    .description('list which program here has which connection into the cluster, and what became of it')
    .option('-w, --watch', 'anew each second, until Ctrl-C')
    .addOption(output())
    .action((options: { watch?: boolean; output: Format }) =>
      perform(() => withCore((core) => listFlows(core, options.output, options.watch === true))),
    );

  program
    .command('proxy')
    .description('print how programs use the proxy of a connection that was made with `connect --proxy`')
    .addOption(output())
    .action((options: { output: Format }) => perform(() => withCore((core) => printProxy(core, options.output))));

  program
    .command('doctor')
    .description('check this computer, the cluster and the way between them, and say what to do')
    .addOption(trustExec())
    .addOption(output())
    .action((options: { trustExec?: boolean; output: Format }) =>
      perform(() => withCore((core) => runDoctor(core, contextOfFlag(), options.trustExec === true, options.output))),
    );

  program
    .command('explain <target>')
    .description('say step by step what happens to a packet to NAME[:PORT] or ADDRESS[:PORT], and what stops it')
    .addOption(trustExec())
    .addOption(output())
    .action((target: string, options: { trustExec?: boolean; output: Format }) =>
      perform(() =>
        withCore((core) => runExplain(core, { target, trustExec: options.trustExec === true }, options.output)),
      ),
    );

  addShellCommands(program);

  addBenchCommand(program);

  addSettingsCommands(program);

  addSandboxCommands(program);

  program
    .command('completion')
    .description('print the completion script for a shell')
    .addArgument(new Argument('<shell>', "add the output to your shell's start-up file").choices(shells))
    .action((shell: string) =>
      perform(async () => data(completionScript(shell, isPackaged ? ['slipway'] : [process.execPath, cliProgram]))),
    );

  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) =>
      perform(async () => {
        const contexts = async (kubeconfig: string) => {
          if (kubeconfig !== '') {
            chooseKubeconfig(asShellReads(kubeconfig));
          }
          let names: string[] = [];
          await withCore(async (core) => {
            names = await namesOfContexts(core);
          });
          return names;
        };
        for (const { word, description } of await candidatesFor(program, words, { contexts })) {
          data(description === '' ? plain(word) : `${plain(word)}\t${plain(description)}`);
        }
      }),
    );

  withConnectOptions(program.command('start [context]'))
    .description('show the window (what `npm start` runs), or connect in this terminal')
    .option('--in-sandbox', "run everything inside the sandbox's laptop, leaving this computer's network alone")
    .option('--terminal', 'no window: connect and show the live state here until Ctrl-C')
    .option('--fake', 'a window on a made-up world (SLIPWAY_FAKE names scenarios)')
    .action((context: string | undefined, flags: StartFlags) =>
      perform(() => start(context ?? contextOfFlag(), flags)),
    );
  return program;
}

endWithReader();
await buildProgram().parseAsync();
