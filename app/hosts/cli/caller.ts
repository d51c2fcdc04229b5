/** Whom this command acts for: its environment, its folder, and the kubeconfigs that it means. */
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Caller } from '../../contract/index.ts';

let explicit = '';
let context = '';

/** `--kubeconfig`, as kubectl has it: this file and no other. */
export function chooseKubeconfig(file: string): void {
  explicit = file;
}

/** `--context`, as kubectl has it: for every command that is about one. */
export function chooseContext(name: string): void {
  context = name;
}

/** Empty where none was chosen. */
export function contextOfFlag(): string {
  return context;
}

export function caller(environment: NodeJS.ProcessEnv = process.env, folder: string = process.cwd()): Caller {
  return {
    environment: Object.fromEntries(
      Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    folder,
    kubeconfigs: kubeconfigsOf(environment, folder),
    isExplicit: explicit !== '',
  };
}

/** Relative paths are meant from the caller's folder, now; a core runs elsewhere, and later. */
function kubeconfigsOf(environment: NodeJS.ProcessEnv, folder: string): string[] {
  if (explicit !== '') {
    return [resolve(folder, explicit)];
  }
  const listed = (environment.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  return listed.map((file) => resolve(folder, asShellReads(file, environment)));
}

/** A path with the home folder for its tilde: shells leave that in quotes, in KUBECONFIG, and in what they complete. */
export function asShellReads(file: string, environment: NodeJS.ProcessEnv = process.env): string {
  return file.startsWith('~/') ? join(environment.HOME || homedir(), file.slice(2)) : file;
}

/** For a core that this command starts: the same files, wherever it runs. */
export function environmentForCore(): NodeJS.ProcessEnv {
  const { environment, kubeconfigs } = caller();
  return kubeconfigs.length === 0 ? environment : { ...environment, KUBECONFIG: kubeconfigs.join(delimiter) };
}
