/** What kubectl and Slipway make of the same kubeconfig files, in one form that can be compared. */
import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { mergeFiles } from '../../app/adapters/kubeconfig/merge.ts';
import { readKubeconfig } from '../../app/adapters/kubeconfig/read-files.ts';
import { openTestKubeconfig } from '../../app/adapters/testing/api-server.ts';
import type { KubeconfigPort } from '../../app/core/ports.ts';

export interface Reading {
  /** Of a file that refuses it all; kubectl reads nothing then. */
  readonly refusal: string | null;
  readonly current: string;
  readonly contexts: Readonly<Record<string, unknown>>;
}

export async function kubectl(program: string, files: readonly string[], ...words: string[]): Promise<string> {
  const environment = { PATH: process.env.PATH, HOME: '/nonexistent', KUBECONFIG: files.join(delimiter) };
  return new Promise((resolve, reject) => {
    execFile(program, words, { env: environment, maxBuffer: 64 << 20 }, (error, output, said) => {
      if (error === null) {
        resolve(output);
      } else {
        reject(new Error(said));
      }
    });
  });
}

export async function kubectlReads(program: string, files: readonly string[]): Promise<Reading> {
  let output: string;
  try {
    output = await kubectl(program, files, 'config', 'view', '--raw', '--output', 'json');
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error), current: '', contexts: {} };
  }
  const document = JSON.parse(output);
  const find = (list: string, field: string, name: string) =>
    document[list]?.find((entry: { name: string }) => entry.name === name)?.[field] ?? null;
  const contexts = (document.contexts ?? [])
    .filter(({ name }: { name: string }) => name !== '') // it lists such a context, and cannot choose it
    .map(({ name, context }: { name: string; context: { cluster: string; user: string } }) => [
      name,
      plain({
        context,
        cluster: find('clusters', 'cluster', context.cluster),
        user: find('users', 'user', context.user),
      }),
    ]);
  return { refusal: null, current: document['current-context'], contexts: Object.fromEntries(contexts) };
}

export async function slipwayReads(files: readonly string[]): Promise<Reading> {
  const outcomes = await Promise.all(files.map(readKubeconfig));
  for (const outcome of outcomes) {
    if (outcome.kind === 'broken') {
      return { refusal: outcome.problem.cause, current: '', contexts: {} };
    }
  }
  const merged = mergeFiles(outcomes, []);
  const setCurrent = outcomes.flatMap((outcome) =>
    outcome.kind === 'read' ? [outcome.file.document['current-context']] : [],
  );
  const contexts = merged.map(({ shownName, context, cluster, user }) => [
    shownName,
    plain({
      context: context.value,
      cluster: cluster(context.value.cluster)?.value ?? null,
      user: user(context.value.user)?.value ?? null,
    }),
  ]);
  return {
    refusal: null,
    current: setCurrent.find((name) => name !== '') ?? '',
    contexts: Object.fromEntries(contexts),
  };
}

/** The port as a core has it, for these files. */
export async function slipwayPort(files: readonly string[], folder: string): Promise<KubeconfigPort> {
  return openTestKubeconfig(folder, { KUBECONFIG: files.join(delimiter), HOME: folder, PATH: '' });
}

/** Without what is empty, which kubectl leaves out of its output or writes as null. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => plain(item) ?? null);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value).map(([key, given]) => {
    const isData = key.endsWith('-data') && typeof given === 'string';
    return [key, isData ? Buffer.from(given, 'base64').toString('base64') : plain(given)] as const;
  });
  return Object.fromEntries(entries.filter(([key, given]) => !isEmpty(given) && !isDefaulted(key, given)));
}

function isEmpty(value: unknown): boolean {
  const isBare = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return value === null || value === undefined || value === '' || value === false || isBare;
}

/** client-go fills in what plugins of v1beta1 meant before there was the field. */
function isDefaulted(key: string, value: unknown): boolean {
  return key === 'interactiveMode' && value === 'IfAvailable';
}
