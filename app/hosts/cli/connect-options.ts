/** The options of `connect`, which `start` takes too: as words, as what the core is asked, and as choices to keep. */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ContextSettings } from '../../contract/index.ts';
import { agentPodFrom } from './agent-pod.ts';
import type { ConnectOptions } from './connect.ts';

/** As they are written. */
export interface ConnectFlags {
  readonly namespace?: string;
  readonly agentNamespace?: string;
  readonly agentImage?: string;
  readonly baseImage?: string;
  readonly answersFor?: string;
  readonly agentPodFile?: string;
  readonly trustExec?: boolean;
  readonly proxy?: boolean;
}

export const trustExec = () =>
  new Option('--trust-exec', "allow the kubeconfig's credential plugin to run (remembered until it changes)");

export function withConnectOptions(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'home namespace: its Services can be reached by their short names')
    .option('--agent-namespace <name>', 'where the agent runs (default: the home namespace)')
    .option(
      '--agent-image <image>',
      'an image that contains the agent (default: the agent is copied into the base image)',
    )
    .option('--base-image <image>', 'an image with a shell that the cluster can pull')
    .option(
      '--answers-for <domain>',
      "let this cluster answer for all of its domain, not only for Services and pods (remembered; 'none' revokes it)",
    )
    .option(
      '--agent-pod-file <file>',
      "YAML that is merged into the agent's pod (strategic merge patch), shown before (remembered; 'none' revokes it)",
    )
    .option('--proxy', 'change nothing of this computer, and need no root: programs come through a proxy on it')
    .addOption(trustExec());
}

/** What the core is asked; the file for the agent's pod is read, shown, and asked about. */
export async function optionsOf(context: string, flags: ConnectFlags): Promise<ConnectOptions> {
  return {
    context,
    homeNamespace: flags.namespace ?? '',
    agentNamespace: flags.agentNamespace ?? '',
    agentImage: flags.agentImage ?? '',
    baseImage: flags.baseImage ?? '',
    trustExec: flags.trustExec === true,
    proxy: flags.proxy === true,
    ...(flags.answersFor === undefined ? {} : { answersFor: domainOf(flags.answersFor) }),
    ...(flags.agentPodFile === undefined ? {} : await agentPodFrom(flags.agentPodFile)),
  };
}

/** As the contract has it. */
function domainOf(text: string): string {
  return text === 'none' ? '' : text.toLowerCase().replace(/\.$/, '');
}

/** The same options as words for another process, which may have another folder. */
export function wordsOfFlags(flags: ConnectFlags): string[] {
  const { namespace, agentNamespace, agentImage, baseImage, answersFor, agentPodFile } = flags;
  const file = agentPodFile === undefined || agentPodFile === 'none' ? agentPodFile : resolve(agentPodFile);
  const values = {
    '--namespace': namespace,
    '--agent-namespace': agentNamespace,
    '--agent-image': agentImage,
    '--base-image': baseImage,
    '--answers-for': answersFor,
    '--agent-pod-file': file,
  };
  return [
    ...Object.entries(values).flatMap(([option, value]) => (value === undefined ? [] : [option, value])),
    ...(flags.trustExec === true ? ['--trust-exec'] : []),
    ...(flags.proxy === true ? ['--proxy'] : []),
  ];
}

/** What of them is kept for a context, so that a later connect is made so; empty where nothing was given. */
export function choicesOf(options: ConnectOptions): Partial<Omit<ContextSettings, 'context' | 'file'>> {
  const { homeNamespace, agentNamespace, agentImage, baseImage, answersFor, agentPodPatch } = options;
  return {
    ...(homeNamespace === '' ? {} : { homeNamespace }),
    ...(agentNamespace === '' ? {} : { agentNamespace }),
    // A base image alone means that the agent is copied into it, whichever image was chosen before.
    ...(agentImage === '' && baseImage === '' ? {} : { agentImage }),
    ...(baseImage === '' ? {} : { baseImage }),
    ...(answersFor === undefined ? {} : { answersFor }),
    ...(agentPodPatch === undefined ? {} : { agentPodPatch }),
  };
}
